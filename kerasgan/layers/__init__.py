"""Layers that adversarial networks need and Keras lacks."""

from kerasgan.layers.bilinear_down_sampling2d import BilinearDownSampling2D
from kerasgan.layers.bilinear_up_sampling2d import BilinearUpSampling2D
from kerasgan.layers.cluster_heads import ClusterHeads
from kerasgan.layers.concatenate_noise import ConcatenateNoise
from kerasgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kerasgan.layers.gaussian_sampling import GaussianSampling
from kerasgan.layers.grouped_conv2d import GroupedConv2D
from kerasgan.layers.image_pool import ImagePool
from kerasgan.layers.known_pixels import KnownPixels
from kerasgan.layers.minibatch_standard_deviation import MinibatchStandardDeviation
from kerasgan.layers.projection_head import ProjectionHead
from kerasgan.layers.random_window import RandomWindow
from kerasgan.layers.self_attention import SelfAttention
from kerasgan.layers.weight_normalization import WeightNormalization, initialize_from_data

__all__ = [
    "BilinearDownSampling2D",
    "BilinearUpSampling2D",
    "ClusterHeads",
    "ConcatenateNoise",
    "ConditionalBatchNormalization",
    "GaussianSampling",
    "GroupedConv2D",
    "ImagePool",
    "KnownPixels",
    "MinibatchStandardDeviation",
    "ProjectionHead",
    "RandomWindow",
    "SelfAttention",
    "WeightNormalization",
    "initialize_from_data",
]
