"""The inputs of a network that starts with a vector."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from kerasgan.arguments import positive_integer
from kerasgan.networks._class_embedding import class_embedding


def flat_inputs(
    name: str, shape: tuple[int, ...], number_of_classes: int | None
) -> tuple[Any, Any]:
    """Returns a network's input, or input and label, and one vector of all that they hold."""
    inputs = keras.Input(shape, name=name)
    x = inputs if len(shape) == 1 else layers.Flatten()(inputs)
    if number_of_classes is None:
        return inputs, x
    count = positive_integer("number_of_classes", number_of_classes)
    label = keras.Input((), dtype="int32", name="label")
    # One number a class is a one-hot label in other words: no bottleneck, whatever the input.
    return [inputs, label], layers.Concatenate()([x, class_embedding(label, count, count)])
