"""The models: each file is one paper's algorithm."""

from kerasgan.models.adversarial_auto_encoder import AdversarialAutoEncoder
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.models.denoising_feature_matching_gan import DenoisingFeatureMatchingGAN
from kerasgan.models.ebgan import EBGAN
from kerasgan.models.energy_based_adversarial_auto_encoder import (
    EnergyBasedAdversarialAutoEncoder,
)
from kerasgan.models.gan import GAN
from kerasgan.models.ganomaly import GANomaly

__all__ = [
    "EBGAN",
    "GAN",
    "AdversarialAutoEncoder",
    "ConditionalGAN",
    "DenoisingFeatureMatchingGAN",
    "EnergyBasedAdversarialAutoEncoder",
    "GANomaly",
]
