"""What the scripts here need besides TensorFlow."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def serve_extra() -> Iterator[None]:
    """Ends the script with the line to install, if it imports a package that is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        sys.exit(
            f"This script needs the package {package!r}, which is not installed. "
            'Install it with `pip install "kerasgan[serve]"`.'
        )
