"""Types of options that several commands take."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def picture_size(text: str) -> list[int]:
    """Reads `64` or `48x64`, height and width."""
    found = re.fullmatch(r"(\d+)(?:[x×](\d+))?", text.strip().lower())
    size = [int(found[1]), int(found[2] or found[1])] if found else [0]
    if min(size) < 1:
        raise argparse.ArgumentTypeError(
            f"expected the pixels of a side, such as 64, or HEIGHTxWIDTH, such as 48x64; received {text!r}"
        )
    return size


def positive(text: str) -> int:
    """Reads a whole number of at least 1."""
    return _number(text, int, lambda number: number >= 1, "a whole number of at least 1")


def positive_float(text: str) -> float:
    """Reads a number above 0."""
    return _number(text, float, lambda number: 0 < number < float("inf"), "a number above 0")


def seed(text: str) -> int:
    """Reads a whole number of at least 0."""
    return _number(text, int, lambda number: number >= 0, "a whole number of at least 0")


def _number(
    text: str, kind: Callable[[str], Number], accepts: Callable[[Number], bool], expected: str
) -> Number:
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or not accepts(number):
        raise argparse.ArgumentTypeError(f"expected {expected}; received {text!r}")
    return number
