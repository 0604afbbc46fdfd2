"""Checks that the layers share."""

from __future__ import annotations

import numbers
from typing import Any


def positive_integer(name: str, value: Any, expected: str = "a positive integer") -> int:
    """Returns a positive integer, or says that the argument is not one."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected {expected}. Received: {name}={value!r}"
        )
    return int(value)


def positive_number(name: str, value: Any) -> float:
    """Returns a positive number, or says that the argument is not one."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not float(value) > 0:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected a positive number. "
            f"Received: {name}={value!r}"
        )
    return float(value)
