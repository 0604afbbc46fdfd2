"""Tiny sub-models that every test of a model can use."""

import keras
import numpy as np
import pytest


@pytest.fixture
def generator():
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(8),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Dense(2),
        ],
        name="generator",
    )


@pytest.fixture
def discriminator():
    return keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(8, activation="leaky_relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(1),
        ],
        name="discriminator",
    )


@pytest.fixture
def samples():
    return np.random.default_rng(1).normal(1.0, 0.5, (96, 2)).astype("float32")
