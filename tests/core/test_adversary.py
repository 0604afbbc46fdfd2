"""Scores of discriminators that end in a sigmoid, whatever stands behind it."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import kerasgan

LAYERS = keras.layers
BIAS = -45.0  # so far out that the square of the probability is 0 in float32

TAILS = {
    "reshaped": [LAYERS.Reshape((2, 2, 1))],
    "permuted": [LAYERS.Reshape((2, 2)), LAYERS.Permute((2, 1))],
    "cropped": [LAYERS.Reshape((4, 1)), LAYERS.Cropping1D(1)],
}


def play(*stack, run_eagerly, loss="non_saturating"):
    """One step of a game whose discriminator starts at logits around -45; its logs and its weights."""
    keras.utils.set_random_seed(0)
    samples = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
    generator = keras.Sequential([keras.Input((2,)), LAYERS.Dense(3)])
    dense = LAYERS.Dense(4, bias_initializer=keras.initializers.Constant(BIAS))
    discriminator = keras.Sequential([keras.Input((3,)), dense, *stack])
    gan = kerasgan.GAN(generator, discriminator, seed=0)
    optimizers = keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)
    penalties = ["r1", "wasserstein_gradient_penalty"]
    gan.compile(*optimizers, loss=loss, penalties=penalties, run_eagerly=run_eagerly)
    logs = gan.train_on_batch(samples, return_dict=True)
    return logs, gan.get_weights()


def assert_same(one, other):
    logs, weights = zip(one, other, strict=True)
    assert logs[0].keys() == logs[1].keys()
    for name in logs[0]:
        assert np.isfinite(logs[0][name])
        assert logs[0][name] == pytest.approx(logs[1][name], rel=1e-4, abs=1e-6), name
    for first, second in zip(*weights, strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("run_eagerly", [False, True], ids=["graph", "eager"])
@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_a_sigmoid_before_other_layers_changes_nothing(tail, run_eagerly):
    linear = play(*tail, run_eagerly=False)
    sigmoid = play(LAYERS.Activation("sigmoid"), *tail, run_eagerly=run_eagerly)
    assert linear[0]["discriminator_loss"] > 40.0
    assert_same(sigmoid, linear)


class LogitOfMean(LAYERS.Layer):
    """What a mean of probabilities is in logits, near 0: `logsumexp(l) - log n`, for 0 = log(1 - p)."""

    def call(self, inputs):
        return keras.ops.logsumexp(inputs, axis=1, keepdims=True) - np.log(4.0)


@pytest.mark.parametrize("run_eagerly", [False, True], ids=["graph", "eager"])
def test_pooled_probabilities_are_played_for_by_their_logit(run_eagerly):
    pooling = LAYERS.Reshape((2, 2, 1)), LAYERS.GlobalAveragePooling2D()
    pooled = play(LAYERS.Activation("sigmoid"), *pooling, run_eagerly=run_eagerly)
    assert_same(pooled, play(LogitOfMean(), run_eagerly=False))
