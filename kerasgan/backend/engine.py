"""The backend engine of Keras."""

from __future__ import annotations

import keras

_SUPPORTED = "tensorflow"


def check_engine(name: str) -> None:
    """Raises an `ImportError` if Keras uses an engine that this package does not support.

    Args:
        name: The result of `keras.config.backend()`.
    """
    if name != _SUPPORTED:
        raise ImportError(
            f"`kerasgan` needs Keras on TensorFlow. Set the environment variable KERAS_BACKEND={_SUPPORTED} "
            "before Keras is imported, or `backend` in `~/.keras/keras.json`. "
            f"Received: Keras on {name!r}"
        )


check_engine(keras.config.backend())
