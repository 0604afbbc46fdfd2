"""Chooses the settings of a run for a folder, and describes them."""

from __future__ import annotations

import argparse
from pathlib import Path

from kerasgan.arguments import counted
from kerasgan.backend import has_accelerator
from kerasgan.command.errors import CommandError
from kerasgan.command.game import NETWORKS
from kerasgan.command.settings import Settings
from kerasgan.command.start import Start
from kerasgan.datasets import ImageFolderReport

# With fewer pictures, the discriminator soon learns them by heart.
_FEW = 5_000
# With fewer pictures in each class on average, classes cannot be learned.
_FEWEST_OF_A_CLASS = 8
# Classes are drawn evenly if the largest has this many times the pictures of the smallest.
_UNEVEN = 5
_MOST_SECTIONS = 100
_MINUTES = 30.0
_LATENT_SIZE = 64
_NETWORK = "dcgan"
# For a network that is not ours: the lowest rate of ours.
_LEARNING_RATE = 2e-4
_READING = (
    "resize",
    "flip",
    "background",
    "value_range",
    "on_error",
    "min_count",
    "min_size",
    "max_pixels",
)


def choose(
    given: argparse.Namespace, report: ImageFolderReport, start: Start | None = None
) -> Settings:
    """Returns the settings of a run: the options, and for all others what suits the pictures.

    The number of steps stays 0 if the time decides it.

    Args:
        given: The options. An option that was not given is `None`.
        report: What the folder holds.
        start: The model that the run starts from. Defaults to `None`, a new model.
    """
    accelerated = has_accelerator()
    size, channels, network, filters, latent_size = _model(given, report, start, accelerated)
    if start is None:
        names = _class_names(given, report)
    else:
        names = start.class_names(given.conditional, report.classes)
    counts = (report.classes or {"": 1}).values()
    augmentation = given.augment or "auto"
    if augmentation == "auto":
        augmentation = "diff_augment" if report.count < _FEW else "none"
    reading = {name: getattr(given, name) for name in _READING if getattr(given, name) is not None}
    own = NETWORKS[_NETWORK if network is None else network]
    batch_size = given.batch_size or own.batch_size[accelerated]
    steps = given.steps or 0
    if given.epochs:
        steps = max(1, given.epochs * report.count // batch_size)
    minutes = None if steps else (given.minutes or _MINUTES)
    rate = given.learning_rate or (_LEARNING_RATE if network is None else own.learning_rate)
    return Settings(
        folder=str(Path(given.folder).resolve()),
        pictures=report.count,
        size=list(size),
        channels=channels,
        class_names=names,
        even_classes=names is not None and max(counts) >= _UNEVEN * min(counts),
        network=network,
        filters=filters,
        start=None if start is None else start.record(),
        freeze=given.freeze or 0,
        latent_size=latent_size,
        augmentation=augmentation,
        batch_size=batch_size,
        steps=steps,
        planned_steps=max(steps, 1),
        steps_per_section=1,
        learning_rate=rate,
        final_learning_rate=rate / 10,
        penalty=1.0 if given.penalty is None else given.penalty,
        average=0.999,
        seed=given.seed or 0,
        export=list(given.export or []),
        minutes=minutes,
        seconds_per_step=None,
        reading=reading,
    )


def plan(settings: Settings, steps: int) -> None:
    """Sets the number of steps of a run, and what depends on it."""
    section = -(-steps // _MOST_SECTIONS)
    settings.steps_per_section = section
    settings.steps = settings.planned_steps = -(-steps // section) * section
    # In a short run, the average must forget the first steps sooner.
    settings.average = round(min(0.999, max(0.5, 1.0 - 10.0 / settings.steps)), 6)


def described(settings: Settings, report: ImageFolderReport, output: Path) -> str:
    """Returns a few short lines that say what was found and chosen."""
    height, width = settings.size
    colors = {1: "gray", 3: "color", 4: "color and opacity"}[settings.channels]
    sizes = sorted(report.sizes, key=lambda size: -report.sizes[size])
    size = f"{sizes[0][0]}×{sizes[0][1]}"
    if len(sizes) > 1:
        size += f" and {counted(len(sizes) - 1, 'other size')}"
    found = f"{report.count:,} {'picture' if report.count == 1 else 'pictures'}, {size}"
    if report.broken:
        found += f", {len(report.broken):,} left out"
    shortest = report.shortest_side or 0
    note = f" (some are enlarged: the shortest side is {shortest})" * (
        shortest < min(height, width)
    )
    rows = [
        ("Found", found),
        ("Classes", _classes(settings, report)),
        ("Pictures", f"{height}×{width}, {colors}{note}"),
        ("Network", settings.network_text),
        *_start_rows(settings),
        ("Augment", _AUGMENTATIONS[settings.augmentation]),
        ("Run", str(output)),
    ]
    return "".join(f"{name:<9}{text}\n" for name, text in rows)


_AUGMENTATIONS = {
    "none": "none",
    "diff_augment": "diff_augment (random changes to what the discriminator sees)",
    "adaptive": "adaptive (random changes, as often as the discriminator needs)",
}


def _start_rows(settings: Settings) -> list[tuple[str, str]]:
    if settings.start is None:
        return []
    return [("From", settings.start["model"]), ("Frozen", settings.frozen_text)]


def _model(
    given: argparse.Namespace, report: ImageFolderReport, start: Start | None, accelerated: bool
) -> tuple[list[int], int, str | None, int | None, int]:
    """Returns the size, channels, network, filters, and how many numbers a latent point has."""
    if start is not None:
        return (
            given.size or start.size,
            given.channels or start.channels,
            given.network or start.network,
            given.filters or start.filters,
            start.latent_size,
        )
    if given.freeze:
        raise CommandError(
            f"--freeze {given.freeze} needs --from. A new discriminator has nothing to keep."
        )
    size = given.size or ([64, 64] if accelerated else [32, 32])
    network = given.network or _network(size, accelerated)
    filters = given.filters or NETWORKS[network].filters[accelerated]
    return size, given.channels or report.channels, network, filters, _LATENT_SIZE


def _network(size: list[int], accelerated: bool) -> str:
    if not accelerated:
        return _NETWORK
    shortest = min(size)
    while shortest >= 8:
        shortest //= 2
    doublings = (min(size) // max(shortest, 1)).bit_length() - 1
    fits = min(size) >= 4 and all(side % 2**doublings == 0 for side in size)
    return "r3gan" if fits else _NETWORK


def _class_names(given: argparse.Namespace, report: ImageFolderReport) -> list[str] | None:
    if given.conditional == "no" or not report.classes or len(report.classes) < 2:
        return None
    enough = report.count >= _FEWEST_OF_A_CLASS * len(report.classes)
    if given.conditional == "yes" or enough:
        return list(report.classes)
    return None


def _classes(settings: Settings, report: ImageFolderReport) -> str:
    if settings.class_names is not None:
        even = ", drawn evenly" if settings.even_classes else ""
        return f"{len(settings.class_names):,}, one for each sub-folder{even}"
    if report.stray and report.stray < report.count:
        return f"none ({report.stray:,} pictures are not in a sub-folder)"
    if report.classes and len(report.classes) > 1:
        return f"none (the {len(report.classes):,} sub-folders are not used as classes)"
    return "none"


def check_size(size: list[int]) -> None:
    """Raises a `CommandError` if a size is too small for every network."""
    if min(size) < 4:
        raise CommandError(
            f"--size {'x'.join(map(str, size))} is too small. Give at least 4 pixels, such as --size 32."
        )
