"""Arguments that may be a number or a schedule."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import keras
from keras import ops

from kerasgan import arguments, registry
from kerasgan.precision import full_precision

Schedule: TypeAlias = keras.optimizers.schedules.LearningRateSchedule


def is_schedule(value: Any) -> bool:
    """Tells whether a value is a schedule.

    Example:

    >>> kerasgan.schedules.is_schedule(0.5), kerasgan.schedules.is_schedule(
    ...     kerasgan.schedules.Cosine(0.0, 1.0, steps=10)
    ... )
    (False, True)
    """
    return isinstance(value, keras.optimizers.schedules.LearningRateSchedule)


def number_or_schedule(
    name: str,
    value: Any,
    expected: str = "a finite number",
    accepts: Callable[[float], bool] = math.isfinite,
) -> Any:
    """Returns a number as a float, or a schedule as it is. Raises if a value is neither.

    Args:
        name: The argument's name.
        value: The argument's value.
        expected: The text of the error that describes the number. Defaults to `"a finite number"`.
        accepts: A function that tells whether a finite number is accepted. Defaults to all of them. The
            values of a schedule are not checked.

    Raises:
        ValueError: If the value is not a schedule, and not an accepted number.

    Example:

    >>> kerasgan.schedules.number_or_schedule("weight", 2)
    2.0
    """
    if is_schedule(value):
        return value
    return arguments.number(name, value, f"{expected}, or a schedule", accepts)


def value_at(value: Any, step: Any) -> Any:
    """Returns the value of a number or a schedule after some updates.

    Args:
        value: A number, or a `keras.optimizers.schedules.LearningRateSchedule`.
        step: The number of updates: an integer, or a scalar integer tensor or variable.

    Returns:
        The number, or a float32 scalar tensor.

    Example:

    >>> halving = keras.optimizers.schedules.ExponentialDecay(8.0, decay_steps=10, decay_rate=0.5)
    >>> float(kerasgan.schedules.value_at(halving, 20))
    2.0
    """
    return ops.cast(value(step), full_precision()) if is_schedule(value) else value


def to_config(value: Any) -> Any:
    """Returns a number as it is, or the configuration of a schedule.

    Example:

    >>> kerasgan.schedules.to_config(0.5)
    0.5
    """
    return keras.saving.serialize_keras_object(value) if is_schedule(value) else value


def from_config(config: Any) -> Any:
    """Makes the number or the schedule that a result of `to_config` describes.

    Raises:
        ValueError: If the configuration names something that a file may not name.
    """
    return registry.deserialize(config) if isinstance(config, dict) else config
