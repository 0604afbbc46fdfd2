"""Checks of arguments for all parts of the package, with errors in the wording of Keras.

Each check returns the value as a plain Python value. None accepts a boolean or a string as a number. All
accept NumPy's scalars.
"""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

# Float32 must have at least so many steps between the smallest and the largest number.
_FEWEST_STEPS = 256


def invalid(name: str, value: Any, expected: str) -> ValueError:
    """Returns an error that says what was expected for an argument, and what was received.

    Example:

    >>> print(invalid("rows", 0, "a positive integer"))
    Invalid value for argument `rows`. Expected a positive integer. Received: rows=0
    """
    return ValueError(
        f"Invalid value for argument `{name}`. Expected {expected}. Received: {name}={value!r}"
    )


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Returns a number and its noun, for a message.

    Args:
        count: The number.
        noun: The noun in the singular.
        plural: The noun in the plural. Defaults to `None`: the singular with an "s".

    Example:

    >>> counted(1, "minibatch", "minibatches"), counted(0, "example")
    ('1 minibatch', '0 examples')
    """
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def positive_integer(name: str, value: Any, expected: str = "a positive integer") -> int:
    """Returns an integer of at least 1, or raises a `ValueError`."""
    return _integer(name, value, 1, expected)


def non_negative_integer(name: str, value: Any, expected: str = "a non-negative integer") -> int:
    """Returns an integer of at least 0, or raises a `ValueError`."""
    return _integer(name, value, 0, expected)


def _integer(name: str, value: Any, minimum: int, expected: str) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < minimum:
        raise invalid(name, value, expected)
    return int(value)


def random_seed(value: Any, name: str = "seed") -> int | None:
    """Returns a seed, an integer or `None`, or raises a `ValueError`.

    Keras accepts only Python's own integers.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise invalid(name, value, "an integer or None")
    return int(value)


def number(
    name: str,
    value: Any,
    expected: str = "a finite number",
    accepts: Callable[[float], bool] = math.isfinite,
) -> float:
    """Returns a finite number, or raises a `ValueError`.

    Args:
        name: The argument's name.
        value: Its value.
        expected: What the error says. Defaults to `"a finite number"`.
        accepts: A function that tells whether a finite number is accepted. Defaults to all of them.
    """
    if (
        isinstance(value, bool)
        or not isinstance(value, numbers.Real)
        or not math.isfinite(value)
        or not accepts(float(value))
    ):
        raise invalid(name, value, expected)
    return float(value)


def positive_number(name: str, value: Any) -> float:
    """Returns a finite number above 0, or raises a `ValueError`."""
    return number(name, value, "a positive number", lambda given: given > 0)


def non_negative_number(name: str, value: Any) -> float:
    """Returns a finite number of at least 0, or raises a `ValueError`."""
    return number(name, value, "a number that is not negative", lambda given: given >= 0)


def fraction(name: str, value: Any) -> float:
    """Returns a number in [0, 1), or raises a `ValueError`."""
    return number(name, value, "a number in [0, 1)", lambda given: 0 <= given < 1)


def shape(name: str, value: Any, rank: int | None = None) -> tuple[int, ...]:
    """Returns a shape without its batch axis, or raises a `ValueError`.

    Args:
        name: The argument's name.
        value: Positive integers. A single integer means a vector of that size.
        rank: How many there must be. Defaults to `None`: any number.
    """
    sizes = (value,) if isinstance(value, numbers.Integral) else value
    expected = "positive integers" if rank is None else f"{rank} positive integers"
    expected += ", the shape without the batch axis"
    if not isinstance(sizes, (tuple, list)) or (rank is not None and len(sizes) != rank):
        raise invalid(name, value, expected)
    try:
        return tuple(positive_integer(name, size) for size in sizes)
    except ValueError:
        raise invalid(name, value, expected) from None


def one_of(name: str, value: Any, choices: Sequence[Any]) -> None:
    """Raises a `ValueError` unless the value is one of the choices."""
    if not any(value is choice or value == choice for choice in choices):
        raise invalid(name, value, f"one of {list(choices)}")


def check_resolution(name: str, array: np.ndarray) -> None:
    """Raises if float32, in which models compute, cannot tell an array's numbers apart."""
    is_wider = array.dtype.kind in "fiu" and array.dtype.itemsize >= 4 and array.dtype != np.float32
    if not is_wider or not array.size:
        return
    low, high = float(array.min()), float(array.max())
    step = float(np.spacing(np.float32(max(abs(low), abs(high)))))
    if low < high < low + _FEWEST_STEPS * step:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected numbers that float32 can tell apart, such as "
            "those that `kerasgan.datasets.MinMax().fit(x)(x)` makes of them. Received: "
            f"{array.dtype} from {low!r} to {high!r}, where float32 has steps of {step:.3g}"
        )
