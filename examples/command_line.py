"""What the scripts in this folder and in `variations` share. A script shows only what is special about it.

The first functions are for the start of `main`: options, their checks, and loading data. The others are for
its end: stopping and resuming a run, and the last line, which is JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras

import kerasgan


@contextlib.contextmanager
def extra(name: str) -> Iterator[None]:
    """Ends the script with the line to install, if it imports a package that is missing.

    Args:
        name: The extra of kerasgan that installs the package.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        sys.exit(
            f"This script needs the package {package!r}, which is not installed. "
            f'Install it with `pip install "kerasgan[{name}]"`.'
        )


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Returns a parser whose `--help` shows the docstring of a script as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_common_options(
    parser: argparse.ArgumentParser,
    toy: str | None = None,
    output: str | None = None,
    output_help: str = "folder for all files",
    several_seeds: bool = False,
) -> None:
    """Adds `--size`, `--seed` and `--output`.

    Args:
        parser: The parser to add them to.
        toy: The help text of `--size toy`: what a toy run is. Defaults to `None`: there is no `--size`.
        output: The default of `--output`. Defaults to `None`: see `output_folders`.
        output_help: The help text of `--output`. Defaults to `"folder for all files"`.
        several_seeds: Whether to add `--seeds`, the number of runs. Defaults to `False`.
    """
    if toy:
        parser.add_argument("--size", choices=["full", "toy"], default="full", help=f"toy: {toy}")
    seed_help = "the first seed" if several_seeds else "the seed of all random numbers"
    parser.add_argument("--seed", type=int, default=0, help=f"{seed_help} (default: 0)")
    if several_seeds:
        parser.add_argument("--seeds", type=int, default=1, help="number of seeds (default: 1)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(output) if output else None,
        metavar="DIRECTORY",
        help=f"{output_help} (default: {output})"
        if output
        else "folder for all files (default: see above)",
    )


def require_positive(parser: argparse.ArgumentParser, **options: int | None) -> None:
    """Ends the script with a message if a given option is below 1."""
    for name, value in options.items():
        if value is not None and value < 1:
            parser.error(f"--{name.replace('_', '-')} must be positive, not {value}")


@contextlib.contextmanager
def errors_of(parser: argparse.ArgumentParser, option: str) -> Iterator[None]:
    """Ends the script with a message instead of a traceback, if the value of an option cannot be loaded."""
    try:
        yield
    except (ImportError, OSError, TypeError, ValueError) as error:
        parser.error(f"{option}: {error}")


def load_with_test_images(
    name: str, *, test_fraction: float, **arguments: Any
) -> kerasgan.datasets.Dataset:
    """Loads a data set with test images.

    The digits have no test images of their own. So a fraction of them is set aside.
    """
    if name == "digits":
        arguments["test_fraction"] = test_fraction
    return kerasgan.datasets.load(name, **arguments)


def output_folders(output: Path | None, name: str) -> tuple[Path, Path]:
    """Returns the folders for pictures and for models, in the current folder or in `--output`."""
    if output:
        return output, output / "saved_models"
    return Path("outputs", name), Path("saved_models", name)


def backup_of_run(folder: Path, *options: Any) -> keras.callbacks.Callback:
    """Returns a callback that lets the same command continue a run that was stopped or killed.

    Args:
        folder: The folder of the backup, until the run ends.
        *options: What identifies the run. Another run has another backup.
    """
    run = zlib.crc32(" ".join(map(str, options)).encode())
    return kerasgan.callbacks.BackupAndRestore(folder / f"backup_{run:08x}")


@contextlib.contextmanager
def saved_when_stopped(model: keras.Model, path: Path) -> Iterator[None]:
    """Saves the model if training is stopped by Ctrl-C, and ends the script."""
    try:
        yield
    except KeyboardInterrupt:
        model.save(path)
        sys.exit(
            f"\nStopped. The model so far is in {path}. Run the same command again to continue."
        )


def print_answer(
    answer: Mapping[str, Any], files: Iterable[Path], start: float | None = None
) -> None:
    """Prints the last line, which is JSON for other programs.

    Args:
        answer: What to print.
        files: The files that were written.
        start: The result of `time.perf_counter` at the start. Defaults to `None`: no seconds are printed.
    """
    seconds = {} if start is None else {"seconds": round(time.perf_counter() - start, 1)}
    print(json.dumps({**answer, **seconds, "files": [str(file.resolve()) for file in files]}))
