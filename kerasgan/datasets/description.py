"""Descriptions of training data, which show whether the data have changed. Making one reads no batches."""

from __future__ import annotations

import zlib
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_BYTES_AT_ONCE = 2**24
# They change how fast data come, not which.
_FOR_SPEED = {"Prefetch", "Options"}


def describe_data(data: Any) -> Any:
    """Describes data as JSON.

    - Arrays are described by their shapes, types and values.
    - A `tf.data.Dataset` is described by its steps, their numbers (such as batch sizes and seeds), and the
      tensors that it slices.
    - A `keras.utils.PyDataset` is described by the numbers, texts and arrays in its attributes.
    - A generator is described by its type alone.

    Args:
        data: Training data of any kind, or a structure of arrays; or `None`.

    Example:

    >>> describe_data(np.zeros((3, 2)))["shape"]
    [3, 2]
    """
    if isinstance(data, (list, tuple)):
        return [describe_data(part) for part in data]
    if isinstance(data, tf.data.Dataset):
        steps = _steps(data)
        return {"kind": "tf.data", "elements": str(data.element_spec), "steps": steps}
    if isinstance(data, keras.utils.PyDataset):
        return {"kind": type(data).__name__, "batches": data.num_batches, **_attributes(data)}
    if hasattr(data, "shape") and hasattr(data, "dtype"):
        return _array(data)
    return None if data is None else {"kind": type(data).__name__}


def _array(array: Any) -> dict[str, Any]:
    array = np.asarray(array)
    described = {"shape": list(array.shape), "dtype": str(array.dtype)}
    return (
        {**described, "values": f"{_checksum(array):08x}"} if array.dtype != object else described
    )


def _checksum(array: np.ndarray) -> int:
    """Returns a checksum of an array's values, which reads a memory map in parts."""
    if array.ndim == 0:
        return zlib.crc32(array.tobytes())
    checksum = 0
    rows = max(1, _BYTES_AT_ONCE // max(1, array[:1].nbytes))
    for start in range(0, len(array), rows):
        part = np.ascontiguousarray(array[start : start + rows])
        checksum = zlib.crc32(part.view(np.uint8).reshape(-1).data if part.size else b"", checksum)
    return checksum


def _steps(dataset: tf.data.Dataset) -> list[Any]:
    """Returns the steps of a data set, the last one first."""
    name = type(dataset).__name__.strip("_").removesuffix("Dataset").removeprefix("Parallel")
    own = []
    if name not in _FOR_SPEED:
        own = [{"step": name, **_attributes(dataset)}]
    inputs = dataset._inputs() if hasattr(dataset, "_inputs") else []
    return own + [step for each in inputs for step in _steps(each)]


def _attributes(data: Any) -> dict[str, Any]:
    """Returns the numbers, texts and arrays that data are made of."""
    is_stream = isinstance(data, tf.data.Dataset)
    given = {} if is_stream else vars(keras.utils.PyDataset())
    described: dict[str, Any] = {}
    for name, value in vars(data).items():
        if name in given or "parallel" in name:
            continue
        if isinstance(value, (bool, int, float, str)):
            # Of a stream they say how it is computed, but for this one.
            if not is_stream or name == "_reshuffle_each_iteration":
                described[name.strip("_")] = value
        elif isinstance(value, np.ndarray) or _is_plain_tensor(value):
            tensor = np.asarray(value)
            is_number = tensor.ndim == 0 and tensor.dtype.kind in "biuf"
            described[name.strip("_")] = tensor.item() if is_number else _array(tensor)
        elif isinstance(value, (list, tuple)) and value and all(map(_is_plain_tensor, value)):
            described[name.strip("_")] = [_array(each) for each in value]
    return described


def _is_plain_tensor(value: Any) -> bool:
    is_eager = isinstance(value, tf.Tensor) and hasattr(value, "numpy")
    return is_eager and value.dtype not in (tf.variant, tf.resource)
