"""The engine that Keras computes with."""

from __future__ import annotations

import keras

_SUPPORTED = "tensorflow"


def check_engine(name: str) -> None:
    """Raises an `ImportError` where Keras computes with an engine for which this room is not written.

    Args:
        name: What `keras.config.backend()` returns.
    """
    if name != _SUPPORTED:
        raise ImportError(
            f"`kerasgan` needs Keras on TensorFlow. Set the environment variable KERAS_BACKEND={_SUPPORTED} "
            "before Keras is imported, or `backend` in `~/.keras/keras.json`. "
            f"Received: Keras on {name!r}"
        )


check_engine(keras.config.backend())
