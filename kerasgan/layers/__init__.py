"""Layers that adversarial networks need and Keras lacks."""

from kerasgan.layers.concatenate_noise import ConcatenateNoise
from kerasgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kerasgan.layers.gaussian_sampling import GaussianSampling
from kerasgan.layers.minibatch_standard_deviation import MinibatchStandardDeviation

__all__ = [
    "ConcatenateNoise",
    "ConditionalBatchNormalization",
    "GaussianSampling",
    "MinibatchStandardDeviation",
]
