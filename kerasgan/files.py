"""Files that are either whole or absent."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator, Set
from pathlib import Path


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary path beside `path`, which takes its place on success.

    A reader never meets half a file, and an error or Ctrl-C while writing leaves
    the previous file as it was. Missing folders are made.

    Args:
        path: The file to write.

    Returns:
        A context manager that yields the path to write to.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with replacing(Path(folder) / "new" / "a.txt") as temporary:
    ...         _ = temporary.write_text("whole")
    ...     (Path(folder) / "new" / "a.txt").read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not `tempfile`: its files can be read by their owner only, and stay so when renamed. The name keeps
    # its ending, from which Keras and Pillow know the format.
    temporary = path.with_name(f".{uuid.uuid4().hex}.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        # A full disk does not say what was being written.
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(
    path: str | os.PathLike[str], entries: Set[str], required: str
) -> Iterator[Path]:
    """Yields a path beside `path` to make a folder at, which takes its place on success.

    A folder cannot be replaced in one step: for a moment there is none. An error or Ctrl-C at any time leaves
    the previous one. A folder that holds anything but what this function's callers write is not touched.

    Args:
        path: The folder to write.
        entries: The names of what such a folder may hold.
        required: The one of them that tells such a folder from any other.

    Raises:
        ValueError: If there is a file at `path`, or another folder that is not empty.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     for text in ("first", "second"):
    ...         with replacing_folder(Path(parent) / "model", {"a.txt"}, "a.txt") as temporary:
    ...             temporary.mkdir()
    ...             _ = (temporary / "a.txt").write_text(text)
    ...     (Path(parent) / "model" / "a.txt").read_text(), len(os.listdir(parent))
    ('second', 1)
    """
    path = Path(path)
    there = {each.name for each in path.iterdir()} if path.is_dir() else set()
    if (
        (path.exists() and not path.is_dir())
        or there - entries
        or (there and required not in there)
    ):
        raise ValueError(
            "Invalid value for argument `filepath`. Expected a new folder, or an earlier one of this kind to "
            f"replace. Received: filepath={str(path)!r}"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex
    temporary, previous = (path.with_name(f".{mark}.{role}.{path.name}") for role in ("new", "old"))
    try:
        yield temporary
        if path.exists():
            path.rename(previous)
        temporary.rename(path)
    finally:
        if previous.exists() and not path.exists():
            previous.rename(path)
        for folder in (temporary, previous):
            shutil.rmtree(folder, ignore_errors=True)
