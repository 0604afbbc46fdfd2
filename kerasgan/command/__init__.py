"""The command line: `kerasgan train FOLDER`, and the commands that use what it made."""

from kerasgan.command.main import main

__all__ = ["main"]
