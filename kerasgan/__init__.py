"""Adversarial models as complete Keras citizens."""

from kerasgan import (
    callbacks,
    constraints,
    core,
    datasets,
    latent,
    layers,
    losses,
    metrics,
    models,
    networks,
    penalties,
    priors,
)
from kerasgan.models import (
    EBGAN,
    GAN,
    AdversarialAutoEncoder,
    ConditionalGAN,
    CycleGAN,
    DenoisingFeatureMatchingGAN,
    EnergyBasedAdversarialAutoEncoder,
    GANomaly,
    MatchingAwareGAN,
    SemiSupervisedAdversarialAutoEncoder,
    SemiSupervisedGAN,
)

__version__ = "0.1.0"

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
    "__version__",
    "callbacks",
    "constraints",
    "core",
    "datasets",
    "latent",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "penalties",
    "priors",
]
