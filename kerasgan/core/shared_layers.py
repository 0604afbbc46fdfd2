"""Layers that several sub-models share. Keras's files cannot hold them."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Sequence
from typing import Any

import keras


def shared_layers(model: keras.Model) -> list[str]:
    """Returns the names of the layers that belong to several sub-models or layers of a model.

    Example:

    >>> shared = keras.layers.Dense(2, name="shared")
    >>> one, other = (keras.Sequential([keras.Input((2,)), shared]) for _ in range(2))
    >>> inputs = keras.Input((2,))
    >>> shared_layers(keras.Model(inputs, other(one(inputs))))
    ['shared']
    """
    owners: dict[int, int] = {}
    names: dict[str, None] = {}

    def walk(owner: Any) -> None:
        for layer in owner._flatten_layers(include_self=False, recursive=False):
            if id(layer) not in owners:
                owners[id(layer)] = id(owner)
                walk(layer)
            elif owners[id(layer)] != id(owner) and layer.weights:
                names[layer.name] = None

    walk(model)
    return list(names)


def check_shared(model: keras.Model, layers: Sequence[str]) -> None:
    """Raises a `ValueError` if shared layers would keep `load_model` from reading a model's file.

    Args:
        model: The model.
        layers: The names of the layers that are shared.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = os.path.join(folder, "model.keras")
        keras.Model.save(model, path)
        try:
            keras.models.load_model(path, compile=False)
        except (ValueError, TypeError) as error:
            # Other objects in a file may not be registered. The user passes them to `load_model`.
            if "could not be loaded" not in str(error):
                return
        else:
            return
    names = ", ".join(map(repr, layers))
    raise ValueError(
        "This model cannot be saved whole: several of its sub-models share the "
        f"{'layers' if len(layers) > 1 else 'layer'} {names}, and Keras would not find the weights when it "
        "loads the file. Give each sub-model a layer of its own, or use `save_weights`, and `load_weights` "
        "of a model that is made alike."
    )
