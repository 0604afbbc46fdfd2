"""Initializers of the weights of a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


def initializer_factory(identifier: Any) -> Callable[[], Any]:
    """Returns a function that makes a new initializer for each layer.

    One initializer object without a seed gives the same numbers each time. Two layers of the same shape would
    then start with equal weights.

    Args:
        identifier: What `keras.initializers.get` takes.
    """
    initializer = keras.initializers.get(identifier)

    def make() -> Any:
        if isinstance(initializer, keras.initializers.Initializer):
            return type(initializer).from_config(initializer.get_config())
        return initializer

    return make
