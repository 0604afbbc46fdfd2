"""Initializers of the weights of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


def initializer_factory(identifier: Any) -> Callable[[], Any]:
    """Returns a function that makes an initializer for each layer.

    One object without a seed draws the same numbers each time: two layers of one shape that share
    it would start with equal weights.
    """
    initializer = keras.initializers.get(identifier)

    def make() -> Any:
        if isinstance(initializer, keras.initializers.Initializer):
            return type(initializer).from_config(initializer.get_config())
        return initializer

    return make
