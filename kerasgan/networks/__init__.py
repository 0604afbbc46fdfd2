"""Ready-made generators and discriminators: ordinary Keras models."""

from kerasgan.networks.auto_encoder import AutoEncoder
from kerasgan.networks.convolutional_auto_encoder import (
    convolutional_auto_encoder,
    convolutional_decoder,
    convolutional_encoder,
)
from kerasgan.networks.dcgan import dcgan_discriminator, dcgan_generator
from kerasgan.networks.mlp import mlp
from kerasgan.networks.sequences import (
    convolutional_sequence_discriminator,
    lstm_auto_encoder,
    lstm_discriminator,
    lstm_generator,
)

__all__ = [
    "AutoEncoder",
    "convolutional_auto_encoder",
    "convolutional_decoder",
    "convolutional_encoder",
    "convolutional_sequence_discriminator",
    "dcgan_discriminator",
    "dcgan_generator",
    "lstm_auto_encoder",
    "lstm_discriminator",
    "lstm_generator",
    "mlp",
]
