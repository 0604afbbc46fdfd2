"""Ready-made generators and discriminators: ordinary Keras models."""

from kerasgan.networks.auto_encoder import AutoEncoder
from kerasgan.networks.convolutional_auto_encoder import (
    convolutional_auto_encoder,
    convolutional_decoder,
    convolutional_encoder,
)
from kerasgan.networks.dcgan import dcgan_discriminator, dcgan_generator
from kerasgan.networks.fastgan import fastgan_discriminator, fastgan_generator
from kerasgan.networks.growing_network import GrowingNetwork
from kerasgan.networks.mlp import mlp
from kerasgan.networks.patch_discriminator import patch_discriminator
from kerasgan.networks.progressive_discriminator import ProgressiveDiscriminator
from kerasgan.networks.progressive_generator import ProgressiveGenerator
from kerasgan.networks.r3gan import r3gan_discriminator, r3gan_generator
from kerasgan.networks.random_window_discriminator import random_window_discriminator
from kerasgan.networks.sequences import (
    convolutional_sequence_discriminator,
    lstm_auto_encoder,
    lstm_discriminator,
    lstm_generator,
)
from kerasgan.networks.super_resolution import super_resolution_generator
from kerasgan.networks.text_encoder import text_encoder
from kerasgan.networks.unet import unet

__all__ = [
    "AutoEncoder",
    "GrowingNetwork",
    "ProgressiveDiscriminator",
    "ProgressiveGenerator",
    "convolutional_auto_encoder",
    "convolutional_decoder",
    "convolutional_encoder",
    "convolutional_sequence_discriminator",
    "dcgan_discriminator",
    "dcgan_generator",
    "fastgan_discriminator",
    "fastgan_generator",
    "lstm_auto_encoder",
    "lstm_discriminator",
    "lstm_generator",
    "mlp",
    "patch_discriminator",
    "r3gan_discriminator",
    "r3gan_generator",
    "random_window_discriminator",
    "super_resolution_generator",
    "text_encoder",
    "unet",
]
