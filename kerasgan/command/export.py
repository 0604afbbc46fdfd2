"""`kerasgan export`: writes a model for use elsewhere, with or without Keras."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import Any

from kerasgan.command.errors import CommandError, sentence
from kerasgan.command.models import load
from kerasgan.core import GenerativeModel
from kerasgan.exporting import CONVERTERS
from kerasgan.extras import require

# The file or folder of each format.
FORMATS = {
    "keras": "model.keras",
    "tf_saved_model": "saved_model",
    "onnx": "generator.onnx",
    "litert": "generator.tflite",
}


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "export",
        help="write a model for use elsewhere",
        description="Writes a model for use elsewhere. The format keras is a small file of the model alone, "
        "without what training needs. The other formats need no Keras where they are used. They draw "
        "pictures as uint8, from 0 to 255.",
    )
    parser.set_defaults(run=run)
    parser.add_argument("model", type=Path, metavar="RUN", help="a run, or a .keras file")
    parser.add_argument(
        "--format", choices=list(FORMATS), required=True, help="the format of the export"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="the file or folder to write (default: in the folder exports of the run)",
    )


def run(options: argparse.Namespace) -> int:
    """Exports."""
    check_formats([options.format], "--format")
    loaded = load(options.model, compiled=True)
    output = options.output or loaded.path.parent / "exports" / FORMATS[options.format]
    write(loaded.game, loaded.normalization, options.format, output, verbose=True)
    return 0


def check_formats(formats: list[str], option: str) -> None:
    """Raises a `CommandError` if a format needs a package that is not installed."""
    for name in formats:
        for module in CONVERTERS.get(name, ()):
            try:
                require(module, f"{option} {name}")
            except ImportError as error:
                raise CommandError(str(error)) from error


def write(game: Any, normalization: Any, name: str, output: Path, verbose: bool) -> None:
    """Writes an export.

    Args:
        game: The model.
        normalization: The normalization of its samples.
        name: The format.
        output: The file or folder to write.
        verbose: Whether to print what was written.

    Raises:
        CommandError: If the export fails.
    """
    if name == "keras":
        _write_alone(game, output, verbose)
        return
    # Its optimizer logs a traceback for everything that it does not change. The file is checked anyway.
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    try:
        game.export(output, format=name, normalization=normalization, images=True, verbose=verbose)
    except (ValueError, ImportError, OSError, RuntimeError) as error:
        raise CommandError(f"{output}: {sentence(error)}") from error


def _write_alone(game: GenerativeModel, output: Path, verbose: bool) -> None:
    """Writes a model without optimizers. Its generator has the averaged weights."""
    if output.suffix != ".keras":
        raise CommandError(f"--output {output}: give a file that ends in .keras.")
    alone = type(game).from_config(game.get_config())
    with game.averages_in_place():
        alone.set_weights(game.get_weights())
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        alone.save(output)
    except OSError as error:
        raise CommandError(f"{output}: {sentence(error)}") from error
    if verbose:
        sys.stdout.write(f"{output}: {output.stat().st_size / 2**20:.2f} MB\n")
