from __future__ import annotations

from typing import Any

import keras

from kerasgan.registry import deserialize


@keras.saving.register_keras_serializable(package="kerasgan")
class AutoEncoder(keras.Model):
    """An encoder and a decoder as one model, with the attributes `encoder` and `decoder`.

    Use it as the discriminator of an `EBGAN`. The pulling-away term takes its codes from the `encoder`. If
    the encoder starts with a `keras.layers.GaussianNoise`, this is a denoising auto-encoder.

    Args:
        encoder: A built `keras.Model` from samples to codes.
        decoder: A `keras.Model` from codes to samples.
        **kwargs: `name`, `dtype` and the other arguments of `keras.Model`.

    Example:

    >>> def network(inputs, outputs):
    ...     return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])
    >>> model = kerasgan.networks.AutoEncoder(network(8, 2), network(2, 8))
    >>> model.predict(np.zeros((3, 8)), verbose=0).shape
    (3, 8)
    """

    def __init__(self, encoder: keras.Model, decoder: keras.Model, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        if encoder.built:
            self(keras.KerasTensor(encoder.input_shape, keras.config.floatx()))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the reconstructions of samples."""
        return self.decoder(self.encoder(inputs, training=training), training=training)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, without its weights."""
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> AutoEncoder:
        """Makes the model that a result of `get_config` describes."""
        with keras.saving.custom_object_scope(custom_objects or {}):
            return cls(**deserialize(config))
