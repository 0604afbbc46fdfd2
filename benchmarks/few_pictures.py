"""Trains on 300 emoji, with and without augmentation, and measures what the left-out ones say.

Each recipe starts the command `kerasgan train` on the same 300 pictures, with the same seed, network and
number of steps: without augmentation, with DiffAugment, and with adaptive augmentation. Then two things are
measured:

`kernel_distance`: of generated pictures to those that were left out, on the features of a small classifier of
the emoji's categories. Beside it stands that of the 300 themselves.

`gap`: how far the discriminator's scores of the pictures it was trained on lie above those of the left-out
ones, in standard deviations of its scores. A discriminator that knows its pictures by heart has a large gap.

    python benchmarks/few_pictures.py package --record benchmarks/results/few_pictures.json --picture few.png

A run that was stopped goes on when the same command is started again; its folders are in `--work`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import emoji_pictures
import keras
import numpy as np
from emoji_pictures import kerasgan_command
from measuring import report, surroundings

PICTURES = 300
ROWS, COLUMNS = 2, 16  # of each recipe in the picture
RECIPES = ("none", "diff_augment", "adaptive")


def measure(trained: Path, few: np.ndarray, left_out: np.ndarray) -> dict[str, Any]:
    """Returns what the left-out pictures say of a run."""
    fake = emoji_pictures.drawn_by(trained, len(left_out))
    judge = emoji_pictures.features()
    game = keras.saving.load_model(trained / "model.keras")
    # The command plays with the relativistic loss, so these are scores and not probabilities.
    scores = [np.ravel(game.discriminate(x)) for x in (few, left_out)]
    return {
        "kernel_distance": round(emoji_pictures.kernel_distance(judge, left_out, fake), 4),
        "gap": round(
            float((scores[0].mean() - scores[1].mean()) / np.concatenate(scores).std()), 3
        ),
        "spread": round(emoji_pictures.spread(fake), 4),
    }


def main() -> None:
    """Runs and reports. Further options go to `kerasgan train`."""
    parser = emoji_pictures.make_parser(__doc__, "package", "few")
    parser.add_argument("--steps", type=int, default=3_000, help="of each recipe (default: 3000)")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPES)
    parser.add_argument(
        "--picture",
        type=Path,
        help="PNG to write: two rows that each recipe draws, then two real ones",
    )
    options, given = parser.parse_known_args()
    options.work.mkdir(parents=True, exist_ok=True)
    x, _, _ = emoji_pictures.pictures(options.package, 32)
    x = np.random.default_rng(0).permutation(x)
    folder = options.work / "few"
    emoji_pictures.write_pictures(x[:PICTURES], folder)
    few, left_out = emoji_pictures.scaled(x[:PICTURES]), emoji_pictures.scaled(x[PICTURES:])
    found = {}
    for recipe in options.recipes:
        trained = options.work / recipe
        kerasgan_command(
            *("train", folder, "--output", trained, "--size", 32, "--augment", recipe),
            *("--steps", options.steps, *given),
        )
        found[recipe] = measure(trained, few, left_out)
    if options.picture:
        cells = ROWS * COLUMNS
        drawn = [
            emoji_pictures.read_folder(options.work / f"{recipe}-drawn")[:cells]
            for recipe in options.recipes
        ]
        rows = ROWS * (len(drawn) + 1)
        shown = np.concatenate([*drawn, x[:cells]])
        emoji_pictures.grid(shown, options.picture, rows, COLUMNS)
    judge = emoji_pictures.features()
    answer = {
        "pictures": PICTURES,
        "left_out": len(left_out),
        "steps": options.steps,
        "options": given,
        "kernel_distance_of_the_few": round(
            emoji_pictures.kernel_distance(judge, left_out, few), 4
        ),
        "recipes": found,
        **surroundings(),
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
