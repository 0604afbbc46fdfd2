"""What the scripts here and in `variations` have in common, so that each shows only what is its own.

First what `main` begins with: options, their checks, loading data. Then what it ends with: a run that can be
stopped, and the line of JSON.
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


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Returns a parser whose `--help` shows a script's docstring as it is written."""
    return argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def add_common_options(
    parser: argparse.ArgumentParser,
    toy: str | None = None,
    output: str | None = None,
    output_help: str = "folder of what it writes",
    several_seeds: bool = False,
) -> None:
    """Adds `--size`, `--seed` and `--output`.

    Args:
        parser: What to add them to.
        toy: How small a toy run is. Defaults to `None`, there is no `--size`.
        output: Where everything goes without `--output`. Defaults to `None`: see `output_folders`.
        output_help: What the help says of that folder. Defaults to `"folder of what it writes"`.
        several_seeds: Whether to add `--seeds`, the number of runs, too. Defaults to `False`.
    """
    if toy:
        parser.add_argument("--size", choices=["full", "toy"], default="full", help=f"toy: {toy}")
    seed_help = "the first seed" if several_seeds else "the seed of all random numbers"
    parser.add_argument("--seed", type=int, default=0, help=f"{seed_help} (default: 0)")
    if several_seeds:
        parser.add_argument("--seeds", type=int, default=1, help="how many seeds (default: 1)")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(output) if output else None,
        metavar="DIRECTORY",
        help=f"{output_help} (default: {output})"
        if output
        else "where everything goes (default: see above)",
    )


def require_positive(parser: argparse.ArgumentParser, **options: int | None) -> None:
    """Ends the script with a message if an option that is given is below 1."""
    for name, value in options.items():
        if value is not None and value < 1:
            parser.error(f"--{name.replace('_', '-')} must be positive, not {value}")


@contextlib.contextmanager
def errors_of(parser: argparse.ArgumentParser, option: str) -> Iterator[None]:
    """Ends the script with a message, and no traceback, if what an option names cannot be loaded."""
    try:
        yield
    except (ImportError, OSError, TypeError, ValueError) as error:
        parser.error(f"{option}: {error}")


def load_with_test_images(
    name: str, *, test_fraction: float, **arguments: Any
) -> kerasgan.datasets.Dataset:
    """Loads data. Of the digits, which have no test images of their own, a fraction is set aside."""
    if name == "digits":
        arguments["test_fraction"] = test_fraction
    return kerasgan.datasets.load(name, **arguments)


def output_folders(output: Path | None, name: str) -> tuple[Path, Path]:
    """Returns the folders of pictures and of models, in the current folder or in `--output`."""
    if output:
        return output, output / "saved_models"
    return Path("outputs", name), Path("saved_models", name)


def backup_of_run(folder: Path, *options: Any) -> keras.callbacks.Callback:
    """Returns a callback with which the same command goes on where it was stopped or killed.

    Args:
        folder: Where the backup is until the run ends.
        *options: What makes it this run. Another run has a backup of its own.
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
        sys.exit(f"\nStopped. {path} has the model so far; the same command goes on.")


def print_answer(
    answer: Mapping[str, Any], files: Iterable[Path], start: float | None = None
) -> None:
    """Prints the last line, which is JSON for programs.

    Args:
        answer: What to print.
        files: What was written.
        start: What `time.perf_counter` returned at the start. Defaults to `None`, no seconds are added.
    """
    seconds = {} if start is None else {"seconds": round(time.perf_counter() - start, 1)}
    print(json.dumps({**answer, **seconds, "files": [str(file.resolve()) for file in files]}))
