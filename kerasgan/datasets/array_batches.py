"""Batches of arrays. Only the rows of a batch are copied, and not the whole array or memory map."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasgan.datasets.python_functions import PythonFunctions

Order = Callable[[int, int], np.ndarray]
_ALIGNMENT = 64
_BYTES_AT_ONCE = 2**18


def array_rounds(
    arrays: Any,
    batch_size: int,
    steps: int,
    order: Order,
    endless: bool,
    functions: PythonFunctions,
) -> tf.data.Dataset:
    """Makes rounds from arrays. In a pass, each row comes at most once, and incomplete rounds are left out.

    Args:
        arrays: A NumPy array (a memory map is one), or a tuple of them with equally many rows.
        batch_size: Rows in a minibatch.
        steps: Minibatches in a round.
        order: A function of the number of rows and the number of the pass, which returns the order of rows.
        endless: Whether passes are repeated without an end.
        functions: The functions that read the arrays. The data set works until these are closed.

    Returns:
        A `tf.data.Dataset` of elements with `batch_size * steps` rows.
    """
    rows = batch_size * steps
    count = _count(arrays)
    rounds = count // rows

    def indices(number: np.ndarray) -> np.ndarray:
        return order(count, int(number))[: rounds * rows].reshape(rounds, rows)

    positions = (
        tf.data.Dataset.range(tf.int64.max if endless else 1)
        .map(functions.add(indices, tf.TensorSpec((rounds, rows), tf.int64)))
        .unbatch()
    )
    # A call of Python costs as much as to copy some hundred kilobytes, so one call reads many small rounds.
    bytes_of_round = rows * sum(array[:1].nbytes for array in keras.tree.flatten(arrays))
    at_once = max(1, _BYTES_AT_ONCE // max(1, bytes_of_round))
    if at_once == 1:
        data = _read(arrays, positions, _take, (rows,), functions)
    else:
        data = _read(arrays, positions.batch(at_once), _take, (None, rows), functions).unbatch()
    cardinality = tf.data.INFINITE_CARDINALITY if endless else rounds
    data = data.apply(tf.data.experimental.assert_cardinality(cardinality))
    return data.prefetch(tf.data.AUTOTUNE)


def array_batches(arrays: Any, batch_size: int, functions: PythonFunctions) -> tf.data.Dataset:
    """Makes batches of arrays in their order; the last one may be smaller.

    Args:
        arrays: A NumPy array (a memory map is one), or a tuple of them with equally many rows.
        batch_size: Rows in a batch.
        functions: The functions that read the arrays. The data set works until these are closed.

    Returns:
        A `tf.data.Dataset`.
    """
    count = _count(arrays)
    positions = tf.data.Dataset.range(0, count, batch_size)

    def cut(array: np.ndarray, start: np.ndarray) -> np.ndarray:
        part = array[int(start) : int(start) + batch_size]
        rows = _memory(part.shape, part.dtype)
        rows[...] = part
        return rows

    rows = None if count % batch_size else batch_size
    return _read(arrays, positions, cut, (rows,), functions).prefetch(tf.data.AUTOTUNE)


def _count(arrays: Any) -> int:
    return len(keras.tree.flatten(arrays)[0])


def _read(
    arrays: Any,
    positions: tf.data.Dataset,
    take: Callable[[np.ndarray, np.ndarray], np.ndarray],
    rows: tuple[int | None, ...],
    functions: PythonFunctions,
) -> tf.data.Dataset:
    """Reads the rows at each position."""

    def read(position: np.ndarray) -> list[np.ndarray]:
        return [take(array, position) for array in keras.tree.flatten(arrays)]

    outputs = keras.tree.map_structure(
        lambda array: tf.TensorSpec((*rows, *array.shape[1:]), _native(array.dtype)), arrays
    )
    options = tf.data.Options()
    # There are no files to share among several workers.
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    return positions.map(functions.add(read, outputs)).with_options(options)


def _take(array: np.ndarray, index: np.ndarray) -> np.ndarray:
    rows = _memory((*index.shape, *array.shape[1:]), array.dtype)
    if rows.dtype == array.dtype:
        # All indices are in range; only `mode="raise"` would not write to `out` directly.
        return np.take(array, index, axis=0, out=rows, mode="clip")
    rows[...] = array[index]
    return rows


def _memory(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Returns room for rows that TensorFlow takes over, as it does where memory begins at such a multiple.

    What it takes over it may write to, so that it must not be the user's.
    """
    native = _native(dtype)
    size = math.prod(shape) * native.itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(native).reshape(shape)


def _native(dtype: np.dtype) -> np.dtype:
    """Returns a dtype in the machine's order of bytes, which a file need not have."""
    return dtype.newbyteorder("=")
