"""Label smoothing, and where the minimax and the non-saturating game differ."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.backend import input_gradient


def tensor(values):
    return keras.ops.convert_to_tensor(np.asarray(values, "float32"))


@pytest.mark.parametrize("name", ["Minimax", "NonSaturating"])
def test_label_smoothing_touches_only_the_real_part(name):
    kind = getattr(kerasgan.losses, name)
    plain, smooth = kind(), kind(label_smoothing=0.2)
    real, fake = tensor([-4.0, 0.5, 6.0]), tensor([-2.0, 1.0, 3.0])
    other = tensor([7.0, -5.0, 0.0])

    added = smooth.discriminator(real, fake) - plain.discriminator(real, fake)
    # The cross entropy of targets 0.8 and 1 differ by 0.2 (log D - log(1 - D)) = 0.2 logits.
    np.testing.assert_allclose(added, [-0.8, 0.1, 1.2], rtol=1e-5)
    added_to_other = smooth.discriminator(real, other) - plain.discriminator(real, other)
    np.testing.assert_allclose(added_to_other, added, rtol=1e-5)
    np.testing.assert_array_equal(smooth.generator(None, fake), plain.generator(None, fake))


def test_smoothed_real_part_is_least_at_the_smoothed_label():
    loss = kerasgan.losses.NonSaturating(label_smoothing=0.1)
    logit = tensor([math.log(0.9 / 0.1)])
    gradient = input_gradient(lambda real: loss.discriminator(real, tensor([0.0])), logit)
    np.testing.assert_allclose(gradient, [0.0], atol=1e-7)


def test_only_the_minimax_generator_saturates():
    probability = 1e-8
    logit = tensor([math.log(probability) - math.log1p(-probability)])

    def gradient(loss):
        return float(input_gradient(lambda fake: loss.generator(None, fake), logit)[0])

    assert gradient(kerasgan.losses.NonSaturating()) == pytest.approx(-1.0, abs=1e-6)
    assert gradient(kerasgan.losses.Minimax()) == pytest.approx(-1e-8, rel=1e-4)


def test_minimax_is_zero_sum():
    loss = kerasgan.losses.Minimax()
    real, fake, moved = tensor([0.3, -2.0]), tensor([-1.0, 4.0]), tensor([2.0, -3.0])
    gained = loss.generator(None, moved) - loss.generator(None, fake)
    lost = loss.discriminator(real, fake) - loss.discriminator(real, moved)
    np.testing.assert_allclose(gained, lost, rtol=1e-5)


@pytest.mark.parametrize("name", ["Minimax", "NonSaturating"])
@pytest.mark.parametrize("label_smoothing", [-0.1, 1.0, 2.0, math.nan])
def test_label_smoothing_outside_its_range(name, label_smoothing):
    with pytest.raises(ValueError, match=r"`label_smoothing`.*\[0, 1\)"):
        getattr(kerasgan.losses, name)(label_smoothing=label_smoothing)
