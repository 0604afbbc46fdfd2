"""Measures what fine-tuning is worth: 200 animals, learned from nothing and from a model of other emoji.

`kerasgan train` makes a model of 3,000 emoji of other kinds. Then it trains as many steps each on 200
pictures of animals, plants and food: from nothing, from that model, and from that model with the first stages
of its discriminator frozen (FreezeD). The animals, plants and food that are left out, which no training has
seen, say how good each is: the kernel distance of as many generated pictures, on the features of a small
classifier of the emoji's categories. Beside it stands the distance of the 200 pictures themselves.

    python benchmarks/fine_tuning.py package --record benchmarks/results/fine_tuning.json

A run that was stopped goes on when the same command is started again; its folders are in `--work`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import emoji_pictures
import numpy as np
from emoji_pictures import kerasgan_command
from measuring import report, surroundings

SOURCE, TARGET = 3_000, 200
TARGET_KINDS = ("Animals & Nature", "Food & Drink")


def train(folder: Path, trained: Path, steps: int, *given: object) -> dict[str, Any]:
    """Trains a run, or goes on with it, and returns how long it took."""
    command = ("train", folder, "--output", trained, "--steps", steps, "--conditional", "no")
    kerasgan_command(*command, *given)
    state = json.loads((trained / "state.json").read_text())
    return {"steps": state["steps"], "seconds": round(state["seconds"], 1)}


def distance(trained: Path, left_out: np.ndarray) -> dict[str, float]:
    """Returns the kernel distance of pictures that a run draws from those that are left out."""
    fake = emoji_pictures.drawn_by(trained, len(left_out))
    judge = emoji_pictures.features()
    return {
        "kernel_distance": round(emoji_pictures.kernel_distance(judge, left_out, fake), 4),
        "spread": round(emoji_pictures.spread(fake), 4),
    }


def main() -> None:
    """Runs and reports. Further options go to `kerasgan train`, in the run on the many pictures."""
    parser = emoji_pictures.make_parser(__doc__, "package", "fine_tuning")
    parser.add_argument(
        "--source-steps", type=int, default=4_000, help="on the many pictures (default: 4000)"
    )
    parser.add_argument("--steps", type=int, default=1_000, help="on the few (default: 1000)")
    parser.add_argument(
        "--freeze", type=int, nargs="+", default=[1, 2], help="stages to freeze (default: 1 2)"
    )
    options, given = parser.parse_known_args()
    options.work.mkdir(parents=True, exist_ok=True)
    x, kinds, names = emoji_pictures.pictures(options.package, 32, skin_variations=True)
    random = np.random.default_rng(0)
    is_target = np.isin(kinds, [names.index(name) for name in TARGET_KINDS])
    many = random.permutation(x[~is_target])[:SOURCE]
    few, left_out = np.split(random.permutation(x[is_target]), [TARGET])
    emoji_pictures.write_pictures(many, options.work / "many")
    emoji_pictures.write_pictures(few, options.work / "few")
    few, left_out = emoji_pictures.scaled(few), emoji_pictures.scaled(left_out)

    source = options.work / "source"
    of_source = train(options.work / "many", source, options.source_steps, "--size", 32, *given)
    runs: dict[str, tuple[object, ...]] = {
        "nothing": ("--size", 32, *given),
        "model": ("--from", source),
        **{f"frozen_{stages}": ("--from", source, "--freeze", stages) for stages in options.freeze},
    }
    found = {}
    for name, start in runs.items():
        trained = options.work / name
        found[name] = train(options.work / "few", trained, options.steps, *start)
        found[name] |= distance(trained, left_out)
    judge = emoji_pictures.features()
    answer = {
        "pictures_of_the_model": len(many),
        "pictures": len(few),
        "left_out": len(left_out),
        "options": given,
        "model": of_source,
        "kernel_distance_of_the_few": round(
            emoji_pictures.kernel_distance(judge, left_out, few), 4
        ),
        "runs": found,
        **surroundings(),
    }
    report(answer, options.record)


if __name__ == "__main__":
    main()
