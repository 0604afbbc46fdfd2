"""Python functions in a `tf.data` pipeline."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

_numbers = itertools.count()
_functions: dict[int, Callable[..., Any]] = {}


class PythonFunctions:
    """Functions of NumPy arrays for `map` of a `tf.data.Dataset`, until you close them.

    `tf.numpy_function` and `Dataset.from_generator` keep each function, and all that it refers to, until the
    process ends. So TensorFlow gets only one function of this module, which finds the others by a number.

    Close them before the process ends. TensorFlow's threads read ahead, and a thread that still waits for
    Python at the end would wait forever.

    Example:

    >>> with PythonFunctions() as functions:
    ...     square = functions.add(lambda number: number**2, tf.TensorSpec((), tf.int64))
    ...     [int(number) for number in tf.data.Dataset.range(4).map(square)]
    [0, 1, 4, 9]
    """

    def __init__(self) -> None:
        self._own: list[int] = []

    def add(self, function: Callable[..., Any], outputs: Any) -> Callable[..., Any]:
        """Returns a Python function as a function of tensors.

        Args:
            function: Takes NumPy arrays, and returns an array for each of `outputs`.
            outputs: A `tf.TensorSpec`, or a tuple of them: what the function returns.
        """
        number = next(_numbers)
        _functions[number] = function
        self._own.append(number)
        specifications = keras.tree.flatten(outputs)
        dtypes = [specification.dtype for specification in specifications]

        @tf.autograph.experimental.do_not_convert
        def call(*tensors: Any) -> Any:
            values = tf.numpy_function(_call, [number, *tensors], dtypes)
            for value, specification in zip(values, specifications, strict=True):
                value.set_shape(specification.shape)
            return keras.tree.pack_sequence_as(outputs, values)

        return call

    def close(self) -> None:
        """Forgets the functions; a pipeline that still calls one fails."""
        while self._own:
            del _functions[self._own.pop()]

    def __enter__(self) -> PythonFunctions:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _call(number: np.ndarray, *arrays: np.ndarray) -> list[np.ndarray]:
    function = _functions.get(int(number))
    if function is None:
        # TensorFlow logs any other error, though nobody asks for what its threads read ahead.
        raise StopIteration("the functions of this pipeline are closed")
    return keras.tree.flatten(function(*arrays))
