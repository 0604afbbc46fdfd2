"""The label of least squares, and its probability."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

import kerasgan


def test_real_label_is_where_real_and_generated_samples_are_pulled():
    loss = kerasgan.losses.LeastSquares(real_label=0.9)
    at = keras.ops.convert_to_tensor(np.array([0.9, 0.0, 2.0], "float32"))
    zero = keras.ops.zeros_like(at)
    np.testing.assert_allclose(loss.discriminator(at, zero), [0.0, 0.405, 0.605], rtol=1e-5)
    np.testing.assert_allclose(loss.generator(None, at), [0.0, 0.405, 0.605], rtol=1e-5)
    # One-sided: the generated samples' label stays 0.
    np.testing.assert_allclose(loss.discriminator(zero + 0.9, at), [0.405, 0, 2.0], rtol=1e-5)


def test_probability_is_clipped():
    scores = keras.ops.convert_to_tensor(np.array([-3.0, 0.25, 1.5], "float32"))
    np.testing.assert_allclose(kerasgan.losses.LeastSquares().probability(scores), [0, 0.25, 1])


def test_probability_is_in_units_of_the_label():
    scores = keras.ops.convert_to_tensor(np.array([-3.0, 0.2, 0.4, 0.8, 1.5], "float32"))
    loss = kerasgan.losses.LeastSquares(real_label=0.8)
    np.testing.assert_allclose(loss.probability(scores), [0, 0.25, 0.5, 1, 1], rtol=1e-6)


@pytest.mark.parametrize("real_label", [0.0, -1.0, math.nan, math.inf, "1", True])
def test_real_label_must_be_positive(real_label):
    with pytest.raises(ValueError, match=r"`real_label`.*positive"):
        kerasgan.losses.LeastSquares(real_label=real_label)
