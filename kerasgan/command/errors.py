"""Errors of the command: one line, in words of the command line."""

from __future__ import annotations

import re

# Arguments of the library that have another name on the command line.
_NAMES = {"path": "FOLDER"}
# Arguments of `image_stream` that are also options of the command.
_OPTIONS = "size|channels|resize|flip|background|value_range|on_error|min_count|min_size|max_pixels"
_MOST_CHARACTERS = 700


class CommandError(Exception):
    """An error that the user can fix. The command shows its text and no traceback."""


def option(argument: str) -> str:
    """Returns the option of the command for an argument of the library.

    Example:

    >>> option("on_error"), option("path")
    ('--on-error', 'FOLDER')
    """
    return _NAMES.get(argument, f"--{argument.replace('_', '-')}")


def sentence(error: BaseException) -> str:
    """Returns the text of an error of the library in one line, with options in place of arguments.

    Example:

    >>> sentence(ValueError('Invalid value for argument `size`. Leave them out with `on_error="skip"`.'))
    'Invalid value for --size. Leave them out with --on-error skip.'
    """
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = str(error) or type(error).__name__
    text = re.sub(r"arguments? `(\w+)`", lambda found: option(found[1]), text)
    text = re.sub(r"`(\w+)=\(([^)`]*)\)`", _pair, text)
    text = re.sub(r'`(\w+)="?([\w.]+)"?`', lambda found: f"{option(found[1])} {found[2]}", text)
    text = re.sub(rf"`({_OPTIONS})`=(\w+)", lambda found: f"{option(found[1])} {found[2]}", text)
    text = re.sub(rf"`({_OPTIONS})=?`", lambda found: option(found[1]), text)
    text = " ".join(text.split())
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} …"


def _pair(found: re.Match[str]) -> str:
    values = [value.strip().upper() for value in found[2].split(",")]
    return f"{option(found[1])} {('x' if found[1] == 'size' else ' ').join(values)}"
