"""Layers that adversarial networks need and Keras lacks."""

from kerasgan.layers.cluster_heads import ClusterHeads
from kerasgan.layers.concatenate_noise import ConcatenateNoise
from kerasgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kerasgan.layers.gaussian_sampling import GaussianSampling
from kerasgan.layers.image_pool import ImagePool
from kerasgan.layers.known_pixels import KnownPixels
from kerasgan.layers.minibatch_standard_deviation import MinibatchStandardDeviation
from kerasgan.layers.random_window import RandomWindow
from kerasgan.layers.weight_normalization import WeightNormalization, initialize_from_data

__all__ = [
    "ClusterHeads",
    "ConcatenateNoise",
    "ConditionalBatchNormalization",
    "GaussianSampling",
    "ImagePool",
    "KnownPixels",
    "MinibatchStandardDeviation",
    "RandomWindow",
    "WeightNormalization",
    "initialize_from_data",
]
