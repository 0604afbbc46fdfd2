"""Writes files that are either complete or absent."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import socket
import stat
import time
import uuid
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

# Distinguishes this process from an earlier one with the same number. In a container, the first process
# always has the same number.
_LIFE = uuid.uuid4().hex[:8]
# A temporary file is deleted after so many seconds without a change, whichever machine it is from.
_ABANDONED = 24 * 60 * 60
_TEMPORARY = re.compile(
    r"\.kerasgan-(?P<machine>[0-9a-f]{8})-(?P<process>\d+)-(?P<life>[0-9a-f]{8})-[0-9a-f]{8}"
    r"\.(?P<role>new|old)\.(?P<name>.+)"
)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary path next to `path`. On success, the temporary file replaces `path`.

    A reader never sees half a file. After an error or Ctrl-C while writing, the previous file is as it was.
    Missing folders are created. A symbolic link is followed. The new file has the permissions of the old one.
    Temporary files that killed processes have left in the folder are deleted.

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
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent)
    # Not `tempfile`: only the owner can read its files, even after they are renamed.
    temporary = _temporary(target, "new")
    with _named(path, temporary):
        try:
            previous = target.stat() if target.is_file() else None
            if previous is not None:
                # From its first byte on, the new file has the permissions of the last one.
                mode = stat.S_IMODE(previous.st_mode) | stat.S_IRUSR | stat.S_IWUSR
                os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
            yield temporary
            if previous is not None:
                _make_alike(temporary, previous)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(
    path: str | os.PathLike[str], entries: Set[str], required: str
) -> Iterator[Path]:
    """Yields a path next to `path`, to make a folder at. On success, that folder replaces `path`.

    A folder cannot be replaced in one step: for a moment there is none. After an error or Ctrl-C at any time,
    the previous folder is in its place. If the process is killed in that moment, the previous folder stays
    next to its place, and the next write first puts it back. A folder that holds anything other than
    `entries` is not touched. A symbolic link is followed.

    Args:
        path: The folder to write.
        entries: The names of the files and folders that such a folder may hold.
        required: The one of them that every such folder holds.

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
    target = Path(os.path.realpath(path))
    remove_leftovers(target.parent)
    there = {each.name for each in target.iterdir()} if target.is_dir() else set()
    if (
        (target.exists() and not target.is_dir())
        or there - entries
        or (there and required not in there)
    ):
        raise ValueError(
            "Invalid value for argument `filepath`. Expected a new folder, or an earlier one of this kind to "
            f"replace. Received: filepath={str(path)!r}"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary, previous = (_temporary(target, role) for role in ("new", "old"))
    with _named(path, temporary):
        try:
            yield temporary
            if target.exists():
                _make_alike(temporary, target.stat())
                target.rename(previous)
            temporary.rename(target)
        finally:
            if previous.exists() and not target.exists():
                previous.rename(target)
            for folder in (temporary, previous):
                shutil.rmtree(folder, ignore_errors=True)


def check_writable(folder: str | os.PathLike[str]) -> None:
    """Creates a folder if there is none. Raises an `OSError` if no file can be written to it.

    Example:

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     check_writable(folder)
    ...     os.listdir(folder)
    []
    """
    probe = Path(os.path.realpath(folder)) / "probe"
    temporary = _temporary(probe, "new")
    with _named(folder, temporary):
        probe.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.touch()
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()


def remove_leftovers(folder: Path) -> None:
    """Deletes the temporary files that killed processes have left in a folder.

    Files that a running process writes are not touched, on this machine or on another one with access to the
    folder.
    """
    try:
        paths = list(folder.iterdir())
    except OSError:  # no folder, or one that may not be read
        return
    for path in paths:
        found = _TEMPORARY.fullmatch(path.name)
        if found is None or not _is_abandoned(path, found):
            continue
        target = path.with_name(found["name"])
        with contextlib.suppress(OSError):  # Another process may do the same.
            if found["role"] == "old" and not target.exists():
                path.rename(target)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _temporary(target: Path, role: str) -> Path:
    # The name says which process writes. It keeps its ending, from which Keras and Pillow know the format.
    writer = f"{_machine()}-{os.getpid()}-{_LIFE}-{uuid.uuid4().hex[:8]}"
    return target.with_name(f".kerasgan-{writer}.{role}.{target.name}")


def _machine() -> str:
    """Returns a name for this machine (or container), in which a process number is unique."""
    name = socket.gethostname()
    with contextlib.suppress(OSError):  # Linux only: containers count their processes on their own.
        name += str(Path("/proc/self/ns/pid").stat().st_ino)
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _is_abandoned(path: Path, found: re.Match[str]) -> bool:
    try:
        if time.time() - path.stat().st_mtime > _ABANDONED:
            return True
    except OSError:
        return False
    if found["machine"] != _machine() or os.name != "posix":
        return False
    process = int(found["process"])
    if process == os.getpid():
        return found["life"] != _LIFE
    try:
        os.kill(process, 0)  # which only asks whether there is such a process
    except (ProcessLookupError, OverflowError):
        return True
    except PermissionError:
        return False
    return False


def _make_alike(path: Path, previous: os.stat_result) -> None:
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):  # Only the superuser gives files away.
            os.chown(path, previous.st_uid, previous.st_gid)
    path.chmod(stat.S_IMODE(previous.st_mode))


@contextlib.contextmanager
def _named(path: str | os.PathLike[str], temporary: Path) -> Iterator[None]:
    """Makes errors name the path that the user gave, not the temporary one."""

    def named(value: Any) -> Any:
        return value.replace(str(temporary), str(path)) if isinstance(value, str) else value

    try:
        yield
    except Exception as error:
        error.args = tuple(map(named, error.args))
        # TensorFlow's errors keep their message beside `args`.
        vars(error).update({name: named(value) for name, value in vars(error).items()})
        if isinstance(error, OSError) and error.errno is not None:
            # A full disk does not say what was being written.
            given = str(path) if error.filename is None else str(error.filename)
            error.filename, error.filename2 = named(given), named(error.filename2)
        raise
