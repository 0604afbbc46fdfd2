"""`kerasgan sample`: draws new pictures with a trained model."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from kerasgan.callbacks import image_grid, save_image
from kerasgan.command import options as types
from kerasgan.command.errors import CommandError, sentence
from kerasgan.command.models import Loaded, condition_of, load
from kerasgan.datasets.dataset import to_units
from kerasgan.latent import truncate


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "sample",
        help="draw new pictures with a model",
        description="Draws new pictures with a trained model, and writes them as PNG files.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a run, or a .keras file")
    parser.add_argument(
        "-n", "--count", type=types.positive, default=16, help="how many pictures (default: 16)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("samples"),
        metavar="DIR",
        help="the folder to write to (default: samples)",
    )
    parser.add_argument("--condition", metavar="CLASS", help="draw one class: its name or number")
    parser.add_argument(
        "--truncate",
        type=types.positive_float,
        metavar="T",
        help="draw more typical and less diverse pictures: keep the numbers of latent points within T "
        "standard deviations. 2 changes little, 0.5 very much (default: no limit)",
    )
    parser.add_argument("--grid", action="store_true", help="write all in one picture, grid.png")
    parser.add_argument(
        "--seed",
        type=types.seed,
        default=0,
        help="the same seed draws the same pictures (default: 0)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace pictures that are already there"
    )
    parser.add_argument(
        "--value-range",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="the model's values of black and white (default: the values that the model knows, or else -1 1)",
    )


def run(options: argparse.Namespace) -> int:
    """Draws pictures and writes them."""
    if options.value_range and options.value_range[0] >= options.value_range[1]:
        raise CommandError("--value-range: give LOW below HIGH.")
    loaded = load(options.model, options.value_range)
    if loaded.settings and options.output.resolve() == Path(loaded.settings.folder):
        raise CommandError(
            f"--output {options.output}: this model was trained on the pictures of this folder. Give another "
            "folder."
        )
    labels = _labels(options, loaded)
    pictures = _pictures(options, loaded, labels)
    names = ["grid.png"] if options.grid else _names(options.count, labels, loaded.class_names)
    there = [name for name in names if (options.output / name).exists()]
    if there and not options.overwrite:
        raise CommandError(
            f"--output {options.output} already has {there[0]}. Give another folder, or --overwrite."
        )
    try:
        if options.grid:
            grid = image_grid(pictures, value_range=(0, 255))
            save_image(grid, options.output / names[0])
        else:
            for name, picture in zip(names, pictures, strict=True):
                values = picture[..., 0] if picture.shape[-1] == 1 else picture
                save_image(Image.fromarray(values), options.output / name)
    except OSError as error:
        raise CommandError(f"--output {options.output}: {sentence(error)}") from error
    noun = "picture" if options.count == 1 else "pictures"
    where = options.output / names[0] if options.grid else options.output
    sys.stdout.write(f"{options.count:,} {noun}: {where.resolve()}\n")
    return 0


def _labels(options: argparse.Namespace, loaded: Loaded) -> np.ndarray | None:
    label = condition_of(options.condition, loaded)
    if label is not None:
        return np.full(options.count, label)
    if not loaded.game.conditional:
        return None
    if not loaded.class_names:
        raise CommandError("This model has classes. Give the number of one with --condition.")
    return np.arange(options.count) % len(loaded.class_names)


def _pictures(options: argparse.Namespace, loaded: Loaded, labels: np.ndarray | None) -> np.ndarray:
    condition: dict[str, Any] = {} if labels is None else {"condition": labels}
    try:
        if options.truncate is None:
            samples = loaded.game.generate(options.count, seed=options.seed, **condition)
        else:
            samples = truncate(
                loaded.game,
                thresholds=[options.truncate],
                count=options.count,
                seed=options.seed,
                **condition,
            )[0]
    except ValueError as error:
        raise CommandError(sentence(error)) from error
    if samples.ndim != 4 or samples.shape[-1] not in (1, 3, 4):
        raise CommandError(
            f"{loaded.path} makes samples of shape {samples.shape[1:]}, not pictures."
        )
    return to_units(samples, loaded.normalization, images=True)


def _names(count: int, labels: np.ndarray | None, class_names: list[str] | None) -> list[str]:
    digits = max(4, len(str(count - 1)))
    names = []
    for index in range(count):
        kind = ""
        if labels is not None and class_names:
            kind = "_" + re.sub(r"[^\w-]+", "_", class_names[labels[index]])
        names.append(f"{index:0{digits}}{kind}.png")
    return names
