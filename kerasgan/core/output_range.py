from __future__ import annotations

from typing import Any

import keras

_LAYERS = keras.layers
# Layers that move values without changing them.
_MOVING = (
    _LAYERS.Cropping1D,
    _LAYERS.Cropping2D,
    _LAYERS.Flatten,
    _LAYERS.Identity,
    _LAYERS.Permute,
    _LAYERS.Reshape,
)
_RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0)}


def output_range(model: keras.Model) -> tuple[float, float] | None:
    """Returns the range of a model's outputs, from its last activation; `None` if that is not known.

    Args:
        model: A model. For a subclassed model the range is not known.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="tanh")])
    >>> output_range(model)
    (-1.0, 1.0)
    """
    outputs = keras.tree.flatten(getattr(model, "outputs", None) or [])
    return _range_of(outputs[0]) if len(outputs) == 1 else None


def _range_of(tensor: Any) -> tuple[float, float] | None:
    while True:
        layer = tensor._keras_history.operation
        if isinstance(layer, keras.Model):
            return output_range(layer)
        activation = getattr(layer, "activation", None)
        name = str(getattr(activation, "__name__", ""))
        is_identity = isinstance(layer, _MOVING) or (
            isinstance(layer, _LAYERS.Activation) and name == "linear"
        )
        if not is_identity:
            is_own = activation is not None and activation is getattr(keras.activations, name, None)
            return _RANGES.get(name) if is_own else None
        inputs = keras.tree.flatten(layer.input)
        if len(inputs) != 1:
            return None
        tensor = inputs[0]
