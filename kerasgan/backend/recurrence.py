"""Recurrent layers that cuDNN computes. They have no second derivatives."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from kerasgan.backend.devices import has_gpu

_KINDS = (keras.layers.LSTM, keras.layers.GRU)
_TANH = (keras.activations.tanh, keras.ops.tanh, tf.tanh)
_SIGMOID = (keras.activations.sigmoid, keras.ops.sigmoid, tf.sigmoid)


def cudnn_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Returns the layers of a model that Keras computes with cuDNN on this machine. None without a GPU.

    Args:
        model: Any model. Layers within layers, such as those of a `Bidirectional`, are found too.
    """
    if not has_gpu():
        return []
    return [layer for layer in model._flatten_layers() if _suits_cudnn(layer)]


def leave_cudnn(model: keras.Model) -> None:
    """Sets `use_cudnn=False` for the LSTM and GRU layers of a model, as if they were made with it.

    Args:
        model: Any model.
    """
    for layer in model._flatten_layers():
        if isinstance(layer, _KINDS):
            layer.use_cudnn = False
            layer.supports_jit = True  # XLA can compile all but cuDNN's kernels


def _suits_cudnn(layer: Any) -> bool:
    """Repeats how Keras decides for cuDNN. Its functions for that are not public."""
    return (
        isinstance(layer, _KINDS)
        and layer.use_cudnn is not False
        and layer.activation in _TANH
        and layer.recurrent_activation in _SIGMOID
        and layer.use_bias
        and not layer.unroll
        and not layer.recurrent_dropout
        and getattr(layer, "reset_after", True)
    )
