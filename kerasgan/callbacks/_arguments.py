"""Checks that the callbacks share."""

from __future__ import annotations

import numbers
from typing import Any


def positive_integer(name: str, value: Any) -> int:
    """Returns `value` as an `int`, or raises when it is not an integer of at least 1.

    Example:

    >>> positive_integer("rows", 3)
    3
    """
    return _integer_from(1, "a positive integer", name, value)


def non_negative_integer(name: str, value: Any) -> int:
    """Returns `value` as an `int`, or raises when it is not an integer of at least 0.

    Example:

    >>> non_negative_integer("padding", 0)
    0
    """
    return _integer_from(0, "a non-negative integer", name, value)


def require_methods(model: Any, callback: str, methods: tuple[str, ...]) -> None:
    """Raises when `model` lacks one of the `methods` that `callback` needs."""
    missing = [method for method in methods if not callable(getattr(model, method, None))]
    if missing:
        raise TypeError(
            f"`{callback}` needs a kerasgan model, one with the methods "
            f"{', '.join(f'`{method}`' for method in methods)}. "
            f"Received: a {type(model).__name__} without "
            f"{', '.join(f'`{method}`' for method in missing)}"
        )


def _integer_from(minimum: int, expected: str, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < minimum:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected {expected}. Received: {name}={value!r}"
        )
    return int(value)
