"""Checks of arrays that the data sets share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasgan.arguments import check_resolution, counted, invalid, number

# Numbers at a time in float64.
_AT_ONCE = 2**20


def finite_array(name: str, array: Any) -> np.ndarray:
    """Returns numbers as an array, or says in which argument they are not all finite numbers."""
    array = np.asarray(array)
    if array.size == 0:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected at least one number. "
            f"Received: an array of shape {array.shape}"
        )
    if array.dtype == bool:
        return array.astype(np.uint8)
    if not np.issubdtype(array.dtype, np.integer) and not np.issubdtype(array.dtype, np.floating):
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected real numbers. "
            f"Received: an array of dtype {array.dtype}"
        )
    bad = 0 if np.issubdtype(array.dtype, np.integer) else np.count_nonzero(~np.isfinite(array))
    if bad:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected finite numbers. "
            f"Received: NaN or infinity in {bad} of {counted(array.size, 'place')}"
        )
    return array


def integer_labels(name: str, labels: Any, count: int) -> np.ndarray:
    """Returns `count` class labels as int32, or says in which argument they are not such labels."""
    array = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (count,) or not np.issubdtype(array.dtype, np.integer):
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected one integer label for each of the "
            f"{count} examples. Received: an array of shape {array.shape}, dtype {array.dtype}"
        )
    if count and array.min() < 0:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected labels from 0 upwards. "
            f"Received: a label {array.min()}"
        )
    return array.astype(np.int32)


def in_float64(array: Any, function: Callable[[np.ndarray], np.ndarray], dtype: Any) -> np.ndarray:
    """Returns a function of numbers, computed in float64 some rows at a time, in another type."""
    array = np.asarray(array)
    if array.size <= _AT_ONCE:
        return function(array.astype(np.float64)).astype(dtype)
    values = np.empty(array.shape, dtype)
    step = max(1, _AT_ONCE * len(array) // array.size)
    for start in range(0, len(array), step):
        part = slice(start, start + step)
        values[part] = function(array[part].astype(np.float64))
    return values


def float32_array(name: str, array: Any) -> np.ndarray:
    """Returns finite numbers as a float32 array, or says in which argument they are no such numbers."""
    array = finite_array(name, array)
    check_resolution(name, array)
    return array.astype(np.float32, copy=False)


def value_range_of(value_range: Any) -> tuple[float, float]:
    """Returns the values of black and white as a pair of numbers, or says that they are none."""
    if not isinstance(value_range, (tuple, list)) or len(value_range) != 2:
        raise invalid("value_range", value_range, "a pair (low, high)")
    low, high = (number("value_range", value) for value in value_range)
    if low >= high:
        raise invalid("value_range", value_range, "low < high")
    return low, high
