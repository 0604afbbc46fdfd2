"""The options of `kerasgan train` that say what a run is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kerasgan.command import options as types
from kerasgan.command.game import NETWORKS

# What says where a run lies and what becomes of it, and not what it is.
_OF_NO_RUN = {"command", "export", "folder", "output", "run", "settings"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    group = parser.add_argument_group("how long").add_mutually_exclusive_group()
    group.add_argument("--minutes", type=types.positive_float, help="default: 30")
    group.add_argument("--steps", type=types.positive)
    group.add_argument("--epochs", type=types.positive, help="passes over the pictures")
    _add_start(parser.add_argument_group("fine-tuning"))
    _add_pictures(parser.add_argument_group("pictures"))
    _add_recipe(parser.add_argument_group("recipe"))


def given_options(given: argparse.Namespace) -> dict[str, Any]:
    """Returns the options that were given, by name."""
    values = vars(given).items()
    return {name: value for name, value in values if value is not None and name not in _OF_NO_RUN}


def _add_start(group: Any) -> None:
    group.add_argument(
        "--from",
        type=Path,
        metavar="MODEL",
        help="train on from a model: a run, or a .keras file. Size and network are the model's",
    )
    group.add_argument(
        "--freeze",
        type=types.positive,
        metavar="N",
        help="leave the N first stages of its discriminator as they are (default: none)",
    )


def _add_pictures(group: Any) -> None:
    group.add_argument(
        "--size",
        type=types.picture_size,
        metavar="64|HxW",
        help="pixels (default: 32 on a CPU, 64 on an accelerator)",
    )
    group.add_argument("--channels", type=int, choices=[1, 3, 4], help="gray, color, with opacity")
    group.add_argument("--resize", choices=["crop", "random_crop", "pad", "stretch"])
    group.add_argument("--flip", choices=["horizontal", "vertical", "horizontal_and_vertical"])
    group.add_argument("--background", metavar="COLOR", help="behind what is transparent")
    group.add_argument("--value-range", type=float, nargs=2, metavar=("LOW", "HIGH"))
    group.add_argument("--on-error", choices=["raise", "skip"], help="skip leaves broken files out")
    group.add_argument("--min-count", type=types.positive, help="fewest different pictures")
    group.add_argument("--min-size", type=types.positive, help="shortest side in pixels (2)")
    group.add_argument("--max-pixels", type=types.positive, help="most pixels of a picture")
    group.add_argument(
        "--conditional",
        choices=["auto", "yes", "no"],
        help="whether sub-folders are classes (default: auto)",
    )


def _add_recipe(group: Any) -> None:
    group.add_argument("--network", choices=list(NETWORKS))
    group.add_argument("--filters", type=types.positive, help="how wide the networks are")
    group.add_argument("--augment", choices=["auto", "none", "diff_augment", "adaptive"])
    group.add_argument(
        "--batch-size", type=types.positive, help="default: 16 on a CPU, 64 on an accelerator"
    )
    group.add_argument("--learning-rate", type=types.positive_float, help="at first")
    group.add_argument("--penalty", type=types.positive_float, help="weight of R1 and R2 (1)")
    group.add_argument("--seed", type=types.seed, help="of all that is random (default: 0)")
