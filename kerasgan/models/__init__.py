"""The models: each file is one paper's algorithm."""

from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.models.gan import GAN

__all__ = ["GAN", "ConditionalGAN"]
