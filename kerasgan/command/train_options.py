"""The options of `kerasgan train` that describe a run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from kerasgan.command import options as types
from kerasgan.command.game import NETWORKS
from kerasgan.datasets.picture_header import MOST_PIXELS

# These options do not describe a run.
_OF_NO_RUN = {"command", "export", "folder", "output", "run", "settings"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options."""
    group = parser.add_argument_group(
        "length", "Give one of these. Without them, a run takes 30 minutes."
    ).add_mutually_exclusive_group()
    group.add_argument("--minutes", type=types.positive_float, help="how many minutes to train")
    group.add_argument(
        "--steps", type=types.positive, help="how many steps to train, of one minibatch each"
    )
    group.add_argument("--epochs", type=types.positive, help="how many passes over the pictures")
    _add_start(parser.add_argument_group("fine-tuning"))
    _add_pictures(parser.add_argument_group("pictures"))
    _add_recipe(parser.add_argument_group("recipe"))


def given_options(given: argparse.Namespace) -> dict[str, Any]:
    """Returns the options that were given and describe a run, by name."""
    values = vars(given).items()
    return {name: value for name, value in values if value is not None and name not in _OF_NO_RUN}


def _add_start(group: Any) -> None:
    group.add_argument(
        "--from",
        type=Path,
        metavar="MODEL",
        help="start from a trained model: a run, or a .keras file. The new run has its size and network",
    )
    group.add_argument(
        "--freeze",
        type=types.positive,
        metavar="N",
        help="do not train the first N stages of its discriminator (default: train all)",
    )


def _add_pictures(group: Any) -> None:
    group.add_argument(
        "--size",
        type=types.picture_size,
        metavar="64|HxW",
        help="pixels of a side, or height and width (default: 32 on a CPU, 64 on an accelerator)",
    )
    group.add_argument(
        "--channels",
        type=int,
        choices=[1, 3, 4],
        help="1 for gray, 3 for color, 4 for color and opacity (default: 3, or 1 if all pictures are gray)",
    )
    group.add_argument(
        "--resize",
        choices=["crop", "random_crop", "pad", "stretch"],
        help="what to do with pictures of another shape (default: crop, which keeps the middle)",
    )
    group.add_argument(
        "--flip",
        choices=["horizontal", "vertical", "horizontal_and_vertical"],
        help="also train on mirrored pictures (default: none)",
    )
    group.add_argument(
        "--background",
        metavar="COLOR",
        help="the color of transparent parts and of padding (default: white)",
    )
    group.add_argument(
        "--value-range",
        type=float,
        nargs=2,
        metavar=("LOW", "HIGH"),
        help="the numbers of black and white in files that do not declare them",
    )
    group.add_argument(
        "--on-error",
        choices=["raise", "skip"],
        help="skip leaves out files that cannot be read (default: raise, an error)",
    )
    group.add_argument(
        "--min-count",
        type=types.positive,
        metavar="N",
        help="an error if there are fewer different pictures (default: 2)",
    )
    group.add_argument(
        "--min-size",
        type=types.positive,
        metavar="N",
        help="an error if a side has fewer pixels (default: 2)",
    )
    group.add_argument(
        "--max-pixels",
        type=types.positive,
        metavar="N",
        help=f"an error if a picture has more pixels (default: {MOST_PIXELS:,})",
    )
    group.add_argument(
        "--conditional",
        choices=["auto", "yes", "no"],
        help="whether sub-folders are classes (default: auto, yes if a class has 8 pictures on average)",
    )


def _add_recipe(group: Any) -> None:
    of_each = {name: network.filters for name, network in NETWORKS.items()}
    filters = ", ".join(f"{name} {cpu} and {other}" for name, (cpu, other) in of_each.items())
    rates = ", ".join(f"{name} {network.learning_rate:g}" for name, network in NETWORKS.items())
    group.add_argument(
        "--network",
        choices=list(NETWORKS),
        help="the networks (default: dcgan on a CPU, r3gan on an accelerator)",
    )
    group.add_argument(
        "--filters",
        type=types.positive,
        metavar="N",
        help=f"filters of the generator. More filters make a larger and slower network (default on a CPU and "
        f"on an accelerator: {filters})",
    )
    group.add_argument(
        "--augment",
        choices=["auto", "none", "diff_augment", "adaptive"],
        help="random changes to what the discriminator sees (default: auto, diff_augment for fewer than "
        "5,000 pictures, else none)",
    )
    group.add_argument(
        "--batch-size",
        type=types.positive,
        metavar="N",
        help="pictures in a step (default: 16 on a CPU, 64 on an accelerator)",
    )
    group.add_argument(
        "--learning-rate",
        type=types.positive_float,
        metavar="RATE",
        help=f"the first learning rate. It falls to a tenth (default: {rates})",
    )
    group.add_argument(
        "--penalty",
        type=types.positive_float,
        metavar="WEIGHT",
        help="the weight of the penalties R1 and R2 (default: 1)",
    )
    group.add_argument("--seed", type=types.seed, help="the seed of everything random (default: 0)")
