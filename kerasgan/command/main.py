"""The command `kerasgan`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from kerasgan.command import evaluate, export, latent, sample, train
from kerasgan.command.errors import CommandError, sentence
from kerasgan.version import __version__

_EPILOG = """\
examples:
  kerasgan train pictures                            train a generator on a folder
  kerasgan sample pictures-run -n 100 --output new   draw 100 pictures
  kerasgan evaluate pictures-run pictures            compare them with real ones
  kerasgan export pictures-run --format onnx         use it without Keras

`kerasgan COMMAND --help` explains a command.
"""
_INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line, without a list of all options."""

    def error(self, message: str) -> NoReturn:
        """Prints the error and ends the program with status 2."""
        self.exit(2, f"{self.prog}: {message.rstrip('.')}. See {self.prog} --help.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        arguments: The words after `kerasgan`. Defaults to `None`, the words of the command line.

    Returns:
        The exit status: 0 for success, 2 for an error that the user can fix, 1 if training or the disk
        failed, 130 after Ctrl-C.
    """
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except CommandError as error:
        sys.stderr.write(f"kerasgan {options.command}: {error}\n")
        return 2
    except OSError as error:
        # For example, a full disk. Files that were written before are whole.
        sys.stderr.write(f"kerasgan {options.command}: {sentence(error)}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nInterrupted.\n")
        return _INTERRUPTED
    return status


def make_parser() -> Parser:
    """Returns the parser of the command, with all its commands."""
    parser = Parser(
        prog="kerasgan",
        description="Trains generators on folders of pictures, and uses them.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"kerasgan {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in (train, sample, evaluate, export, latent):
        module.add(commands)
    return parser
