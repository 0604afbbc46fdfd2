"""Operations on batches of tensors that several parts of the package use."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kerasgan.precision import full_precision


def at_least_float32(values: Any) -> Any:
    """Returns values in float32, or in float64 if they or Keras's float type are float64."""
    return ops.cast(values, keras.backend.result_type(values.dtype, full_precision()))


def flat(samples: Any) -> Any:
    """Returns the samples as rows: `(batch, ...)` to `(batch, features)`."""
    sizes = tuple(samples.shape[1:])
    features = -1 if None in sizes else math.prod(sizes)
    return ops.reshape(samples, (ops.shape(samples)[0], features))


def mean_per_example(values: Any) -> Any:
    """Averages all axes but the first: `(batch, ...)` to `(batch,)`, in float32 or float64."""
    values = at_least_float32(values)
    return ops.mean(values, axis=tuple(range(1, len(values.shape))))


def mean_distance(distance: Callable[[Any], Any], first: Any, second: Any) -> Any:
    """Returns the mean of `distance(first - second)` over each example's values, `(batch,)`.

    Args:
        distance: A function of the differences, such as `keras.ops.abs` or `keras.ops.square`.
        first: Tensor `(batch, ...)`.
        second: As many values.
    """
    difference = at_least_float32(first) - at_least_float32(second)
    return ops.mean(flat(distance(difference)), axis=1)
