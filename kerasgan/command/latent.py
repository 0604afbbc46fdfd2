"""`kerasgan latent`: the latent tools."""

from __future__ import annotations

import argparse
from typing import Any

from kerasgan.command.errors import CommandError
from kerasgan.latent import command


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "latent",
        help="look into the latent space of a model",
        description=command.DESCRIPTION,
        epilog=command.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_tools(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the tool."""
    try:
        command.run(options)
    except command.ERRORS as error:
        raise CommandError(f"{options.tool}: {error}") from error
    return 0
