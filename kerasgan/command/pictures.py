"""Reads the pictures of a folder for a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasgan.command.errors import CommandError, sentence
from kerasgan.command.settings import Settings
from kerasgan.datasets import ImageFolderReport, ImageStream, image_stream, inspect_image_folder
from kerasgan.datasets.image_files import list_images
from kerasgan.datasets.picture_header import MOST_PIXELS

_MOST_NAMED = 3


def look(folder: Path, on_error: str = "raise", max_pixels: int | None = None) -> ImageFolderReport:
    """Returns a report of what a folder of pictures holds.

    Args:
        folder: The folder.
        on_error: `"skip"` leaves out files that cannot be read. Defaults to `"raise"`.
        max_pixels: As in `kerasgan.datasets.image_stream`. Defaults to `None`, the default there.

    Raises:
        CommandError: If there is no picture to train on, or a file cannot be read and is not left out.
    """
    if not folder.exists():
        raise CommandError(f"FOLDER {folder} does not exist. Give a folder of pictures.")
    if not folder.is_dir():
        raise CommandError(f"FOLDER {folder} is a file. Give a folder of pictures.")
    try:
        report = inspect_image_folder(folder, max_pixels=max_pixels or MOST_PIXELS)
    except (ValueError, OSError) as error:
        raise CommandError(sentence(error)) from error
    if report.broken and on_error == "raise":
        named = [f"{error.path}: {error.why}" for error in report.broken[:_MOST_NAMED]]
        more = len(report.broken) - _MOST_NAMED
        named += [f"and {more:,} more"] if more > 0 else []
        raise CommandError(
            sentence(
                ValueError(
                    f"{len(report.broken):,} of {report.count + len(report.broken):,} files cannot be read "
                    f"({'; '.join(named)}). Repair or delete them, or leave them out with --on-error skip."
                )
            )
        )
    if report.count == 0:
        raise CommandError(f"FOLDER {folder}: no picture can be read.")
    return report


def number_of_pictures(folder: Path) -> int:
    """Returns how many pictures a folder has. A folder that is gone has none."""
    try:
        return len(list_images(folder))
    except (ValueError, OSError):
        return 0


def opened(
    settings: Settings, cache: Path, progress: Callable[[int, int], Any] | None = None
) -> ImageStream:
    """Returns the pictures of a run.

    Args:
        settings: The settings of the run.
        cache: The folder for decoded pictures.
        progress: As in `kerasgan.datasets.image_stream`. Defaults to `None`.

    Raises:
        CommandError: If the pictures cannot be read.
    """
    height, width = settings.size
    try:
        return image_stream(
            settings.folder,
            size=(height, width),
            channels=settings.channels,
            cache=cache,
            progress=progress,
            **settings.reading,
        )
    except (ValueError, OSError) as error:
        raise CommandError(sentence(error)) from error


def batches(stream: ImageStream, settings: Settings) -> Any:
    """Returns the minibatches of one section of a run."""
    rows = settings.batch_size * settings.steps_per_section
    return stream.batches(
        settings.batch_size,
        seed=settings.seed,
        passes=-(-rows // len(stream)),
        even_classes=settings.even_classes,
        labels=settings.class_names is not None,
    ).take(settings.steps_per_section)
