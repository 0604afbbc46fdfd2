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
    """Returns the inputs of a network, and one vector made of all of them.

    Args:
        name: The name of the first input.
        shape: The shape of the first input.
        number_of_classes: The number of classes, for a second input with labels. `None` makes no second
            input.
    """
    inputs = keras.Input(shape, name=name)
    x = inputs if len(shape) == 1 else layers.Flatten()(inputs)
    if number_of_classes is None:
        return inputs, x
    count = positive_integer("number_of_classes", number_of_classes)
    label = keras.Input((), dtype="int32", name="label")
    # A vector with an entry for each class can hold the one-hot label, so nothing of the label is lost.
    return [inputs, label], layers.Concatenate()([x, class_embedding(label, count, count)])
