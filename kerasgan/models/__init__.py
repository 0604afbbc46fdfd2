"""The models. Each file is the algorithm of one paper."""

from kerasgan.models.adversarial_auto_encoder import AdversarialAutoEncoder
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.models.cycle_gan import CycleGAN
from kerasgan.models.denoising_feature_matching_gan import DenoisingFeatureMatchingGAN
from kerasgan.models.ebgan import EBGAN
from kerasgan.models.energy_based_adversarial_auto_encoder import (
    EnergyBasedAdversarialAutoEncoder,
)
from kerasgan.models.gan import GAN
from kerasgan.models.ganomaly import GANomaly
from kerasgan.models.matching_aware_gan import MatchingAwareGAN
from kerasgan.models.semi_supervised_adversarial_auto_encoder import (
    SemiSupervisedAdversarialAutoEncoder,
)
from kerasgan.models.semi_supervised_gan import SemiSupervisedGAN

__all__ = [
    "EBGAN",
    "GAN",
    "AdversarialAutoEncoder",
    "ConditionalGAN",
    "CycleGAN",
    "DenoisingFeatureMatchingGAN",
    "EnergyBasedAdversarialAutoEncoder",
    "GANomaly",
    "MatchingAwareGAN",
    "SemiSupervisedAdversarialAutoEncoder",
    "SemiSupervisedGAN",
]
