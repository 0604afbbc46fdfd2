"""Layers that adversarial networks need and Keras lacks."""

from kerasgan.layers.conditional_batch_normalization import ConditionalBatchNormalization
from kerasgan.layers.minibatch_standard_deviation import MinibatchStandardDeviation

__all__ = ["ConditionalBatchNormalization", "MinibatchStandardDeviation"]
