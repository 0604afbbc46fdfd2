"""Only differences count in the relativistic game."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import kerasgan


@pytest.mark.parametrize("side", ["discriminator", "generator"])
def test_a_common_shift_changes_nothing(side):
    values = getattr(kerasgan.losses.Relativistic(), side)
    real, fake = np.random.default_rng(0).normal(size=(2, 8, 1))
    shift = np.linspace(-40.0, 40.0, 8)[:, None]
    moved = values(*map(keras.ops.convert_to_tensor, (real + shift, fake + shift)))
    still = values(*map(keras.ops.convert_to_tensor, (real, fake)))
    np.testing.assert_allclose(moved, still, rtol=1e-10)
    assert np.ptp(still) > 0.1


def test_the_sides_mirror_each_other():
    loss = kerasgan.losses.Relativistic()
    real, fake = map(keras.ops.convert_to_tensor, np.random.default_rng(1).normal(size=(2, 5)))
    np.testing.assert_array_equal(loss.generator(real, fake), loss.discriminator(fake, real))
