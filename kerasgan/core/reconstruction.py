"""What auto-encoders in a game share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from kerasgan import registry
from kerasgan.core.inputs import conditioned


def per_example_loss(loss: Any) -> Callable[[Any, Any], Any]:
    """Returns a Keras loss as a function that leaves averaging over the batch to the core.

    Args:
        loss: The name of a Keras loss, a `keras.losses.Loss`, or a callable of `(x, reconstruction)`.

    Raises:
        ValueError: If the name is unknown.
        TypeError: If it is none of these.
    """
    return registry.per_example_loss(loss, "reconstruction_loss")


def check_reconstruction(argument: str, model: keras.Model, output: Any, samples: Any) -> None:
    """Raises where a model's outputs do not have the shape of the samples they are to reproduce."""
    if tuple(output.shape) != tuple(samples.shape):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected reconstructions of samples of shape "
            f"{tuple(samples.shape)}. Received: {model.name!r} with outputs of shape "
            f"{tuple(output.shape)}"
        )


def join_autoencoder(
    encoder: keras.Model, decoder: keras.Model, samples: Any, labels: Any
) -> keras.Model:
    """Returns an encoder and a decoder as one model, on the same weights.

    Args:
        encoder: The encoder.
        decoder: The decoder, of codes or of codes and labels.
        samples: The specification of a batch of samples.
        labels: The specification of the decoder's labels, or `None`.
    """
    inputs = keras.Input(samples.shape[1:], dtype=samples.dtype)
    label_inputs = None if labels is None else keras.Input(labels.shape[1:])
    decoded = decoder(conditioned(encoder(inputs), label_inputs))
    return keras.Model(conditioned(inputs, label_inputs), decoded, name="autoencoder")
