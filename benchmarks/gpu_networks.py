"""The DCGAN that all contestants of `gpu.py` train, in Keras; `gpu_torch.py` has the same in PyTorch."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import layers

LATENT = 128
BATCHES = 16


def images(size: int, batch: int) -> np.ndarray:
    """Returns 16 batches of noise in the shape of color images, `(16, batch, size, size, 3)`."""
    shape = (BATCHES, batch, size, size, 3)
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")


def halvings(size: int) -> int:
    """Returns how often an image is halved until its side is 4."""
    return int(math.log2(size)) - 2


def generator(size: int, filters: int) -> keras.Model:
    """Returns a generator of images `(size, size, 3)` from latent points."""
    stages = halvings(size)
    widest = filters * 2 ** (stages - 1)
    stack = [
        keras.Input((LATENT,)),
        layers.Dense(16 * widest, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Reshape((4, 4, widest)),
    ]
    for stage in reversed(range(stages - 1)):
        stack += [
            layers.Conv2DTranspose(filters * 2**stage, 4, 2, "same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
        ]
    last = layers.Conv2DTranspose(3, 4, 2, "same", activation="tanh", dtype="float32")
    return keras.Sequential([*stack, last], name="generator")


def discriminator(size: int, filters: int) -> keras.Model:
    """Returns a discriminator of images `(size, size, 3)`."""
    stack = [keras.Input((size, size, 3))]
    for stage in range(halvings(size)):
        stack += [
            layers.Conv2D(filters * 2**stage, 4, 2, "same"),
            layers.LeakyReLU(negative_slope=0.2),
        ]
    last = layers.Dense(1, dtype="float32")
    return keras.Sequential([*stack, layers.Flatten(), last], name="discriminator")


def adam() -> keras.optimizers.Optimizer:
    """Returns the optimizer of either."""
    return keras.optimizers.Adam(2e-4, beta_1=0.5)
