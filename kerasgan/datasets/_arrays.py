"""Checks of arrays that the data sets share."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasgan.arguments import counted


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
