from __future__ import annotations

from typing import Any

import keras

from kerasgan import registry
from kerasgan.core import Part, Setting, SubModel


class ReconstructionSetting(Setting):
    """A Keras loss of samples and their reconstructions, one value for each example."""

    def __init__(self) -> None:
        super().__init__("mse", description="A Keras loss, or the name of one.")

    def __get__(self, game: Any, owner: type | None = None) -> Any:
        """Returns the loss as a function that does not average over the batch. The core averages."""
        if game is None:
            return self
        return registry.per_example_loss(game.settings[self.name], self.name)

    def checked(self, game: Any, value: Any) -> Any:
        """Returns the loss unchanged, or raises if it is not a loss."""
        registry.per_example_loss(value, self.name)
        return value


def joined(encoded: SubModel, decoded: SubModel, samples: Part) -> keras.Model:
    """Returns one model of an encoder and a decoder (of codes, or codes and labels), with their weights."""
    inputs = [keras.Input(samples.specification.shape[1:], dtype=samples.specification.dtype)]
    codes = encoded.model(inputs[0])
    labels = decoded.parts[1]
    if labels is None:
        return keras.Model(inputs[0], decoded.model(codes), name="autoencoder")
    inputs.append(keras.Input(labels.specification.shape[1:]))
    return keras.Model(inputs, decoded.model([codes, inputs[1]]), name="autoencoder")
