"""The command line: `kerasgan train FOLDER` and what comes after it."""

from kerasgan.command.main import main

__all__ = ["main"]
