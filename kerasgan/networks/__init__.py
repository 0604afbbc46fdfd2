"""Ready-made generators and discriminators: ordinary Keras models."""

from kerasgan.networks.auto_encoder import AutoEncoder
from kerasgan.networks.dcgan import dcgan_discriminator, dcgan_generator
from kerasgan.networks.mlp import mlp

__all__ = ["AutoEncoder", "dcgan_discriminator", "dcgan_generator", "mlp"]
