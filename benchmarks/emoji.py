"""Trains a generator of emoji with one command, and measures what it draws.

It writes the 1,911 base emoji of the npm package `emoji-datasource-google` 16.0.0 to a folder, runs
`kerasgan train FOLDER --minutes 30`, draws as many pictures with `kerasgan sample`, and compares them with
the real ones: their spread, and the kernel distance on the features of a small classifier of the emoji's
categories, which lies beside the records. Beside it stands the distance between two halves of the real set.

    npm pack emoji-datasource-google@16.0.0 && tar -xf emoji-datasource-google-16.0.0.tgz
    python benchmarks/emoji.py package --record benchmarks/results/emoji.json --picture docs/emoji.png

The run goes on where it was when the same command is started again; its folder is `--work`.
`--train-features` trains the classifier anew; older records then say nothing any more.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import emoji_pictures
import numpy as np
from emoji_pictures import kerasgan_command
from measuring import report, surroundings

ROWS, COLUMNS = 6, 16
CHOSEN = (
    *("size", "network", "filters", "latent_size", "augmentation", "batch_size", "steps"),
    *("learning_rate", "final_learning_rate", "penalty", "average", "seed", "seconds_per_step"),
)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Trains, draws and compares."""
    work = options.work
    folder, trained, drawn = work / "emoji", work / "run", work / "drawn"
    x, _, _ = emoji_pictures.pictures(options.package, 64)
    emoji_pictures.write_pictures(x, folder)
    start = time.monotonic()
    kerasgan_command(
        "train", folder, "--output", trained, "--minutes", options.minutes, *options.options
    )
    seconds = time.monotonic() - start
    x, _, _ = emoji_pictures.pictures(options.package, options.size)
    kerasgan_command("sample", trained, "-n", len(x), "--output", drawn, "--seed", 1, "--overwrite")
    fake = emoji_pictures.read_folder(drawn)
    mixed = np.random.default_rng(0).permutation(x)
    if options.picture:
        rows = ROWS * COLUMNS // 2
        halves = np.concatenate([fake[:rows], mixed[:rows]])
        emoji_pictures.grid(halves, options.picture, ROWS, COLUMNS)
    judge = emoji_pictures.features()
    real, fake, mixed = (emoji_pictures.scaled(images) for images in (x, fake, mixed))
    half = len(real) // 2
    settings = json.loads((trained / "settings.json").read_text(encoding="utf-8"))
    return {
        "pictures": len(real),
        "options": options.options,
        "minutes_given": options.minutes,
        "minutes_taken": round(seconds / 60, 1),
        "chosen": {name: settings[name] for name in CHOSEN},
        "spread": round(emoji_pictures.spread(fake), 4),
        "spread_of_real": round(emoji_pictures.spread(real), 4),
        "kernel_distance": round(emoji_pictures.kernel_distance(judge, real, fake), 4),
        "kernel_distance_of_halves": round(
            emoji_pictures.kernel_distance(judge, mixed[:half], mixed[half:]), 4
        ),
        **surroundings(),
    }


def main() -> None:
    """Runs and reports. Further options go to `kerasgan train`."""
    parser = emoji_pictures.make_parser(__doc__, "package", "emoji")
    parser.add_argument("--minutes", type=float, default=30.0, help="default: 30")
    parser.add_argument("--size", type=int, default=32, help="of the pictures (default: 32)")
    parser.add_argument("--picture", type=Path, help="PNG to write: generated above real ones")
    parser.add_argument("--train-features", action="store_true", help="train the classifier anew")
    options, options.options = parser.parse_known_args()
    if options.train_features:
        report(emoji_pictures.train_features(options.package), None)
        return
    options.work.mkdir(parents=True, exist_ok=True)
    report(run(options), options.record)


if __name__ == "__main__":
    main()
