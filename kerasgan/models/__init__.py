"""The models: each file is one paper's algorithm."""

from kerasgan.models.adversarial_auto_encoder import AdversarialAutoEncoder
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.models.ebgan import EBGAN
from kerasgan.models.gan import GAN
from kerasgan.models.ganomaly import GANomaly

__all__ = ["EBGAN", "GAN", "AdversarialAutoEncoder", "ConditionalGAN", "GANomaly"]
