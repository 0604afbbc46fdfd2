"""Where the one-centered penalties look: the draws' ranges and distributions."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from kerasgan.penalties import DRAGAN, R1, Encounter, WassersteinGradientPenalty

COUNT = 4000


def seen(penalty, real, fake, seed=0):
    """The points at which a penalty differentiates the score, for two calls in turn."""
    points = []

    def score(samples):
        points.append(np.asarray(samples, "float64"))
        return keras.ops.sum(samples, axis=tuple(range(1, len(samples.shape))))

    real, fake = (keras.ops.convert_to_tensor(x.astype("float32")) for x in (real, fake))
    generator = keras.random.SeedGenerator(seed)
    encounter = Encounter(real, fake, score, None, None, generator)
    penalty(encounter)
    penalty(encounter)
    return points


def assert_uniform(values):
    """Kolmogorov-Smirnov on [0, 1], at about one false alarm in 10,000."""
    values = np.sort(values.ravel())
    assert values[0] >= 0.0
    assert values[-1] <= 1.0
    steps = np.arange(1, len(values) + 1) / len(values)
    assert np.max(np.abs(values - steps)) < 2.2 / np.sqrt(len(values))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 2, 3)])
def test_interpolates_lie_on_their_segments_with_one_uniform_draw_per_example(shape):
    random = np.random.default_rng(0)
    real = random.normal(size=(COUNT, *shape))
    fake = real + 1.0 + random.uniform(size=(COUNT, *shape))
    first, second = seen(WassersteinGradientPenalty(), real, fake)
    alphas = (first - real) / (fake - real)
    alphas = alphas.reshape(COUNT, -1)
    np.testing.assert_allclose(alphas, np.repeat(alphas[:, :1], alphas.shape[1], 1), atol=1e-5)
    assert_uniform(np.clip(alphas[:, 0], 0.0, 1.0))
    np.testing.assert_allclose(alphas, np.clip(alphas, 0.0, 1.0), atol=1e-5)
    assert not np.allclose(first, second)


def test_interpolates_repeat_with_the_seed():
    real, fake = np.zeros((8, 2)), np.ones((8, 2))
    same = [seen(WassersteinGradientPenalty(), real, fake, seed=3)[0] for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert not np.allclose(same[0], seen(WassersteinGradientPenalty(), real, fake, seed=4)[0])


@pytest.mark.parametrize("scale", [0.5, 2.0])
@pytest.mark.parametrize("shape", [(3,), (2, 2, 1)])
def test_dragan_noise_is_uniform_per_feature_up_to_its_share_of_the_deviation(scale, shape):
    random = np.random.default_rng(1)
    # Features of unlike spread: the deviation is that of the whole batch, as in the authors' code.
    real = random.normal(5.0, 1.0, (COUNT, *shape)) * (1.0 + np.arange(shape[0])).reshape(
        -1, *[1] * (len(shape) - 1)
    )
    first, second = seen(DRAGAN(scale=scale), real, np.full_like(real, 1e6))
    noise = (first - real) / (scale * real.std())
    np.testing.assert_allclose(noise, np.clip(noise, 0.0, 1.0), atol=1e-5)
    assert_uniform(np.clip(noise, 0.0, 1.0))
    features = noise.reshape(COUNT, -1)
    correlation = np.corrcoef(features, rowvar=False) - np.eye(features.shape[1])
    assert np.max(np.abs(correlation)) < 5.0 / np.sqrt(COUNT)
    assert not np.allclose(first, second)


def test_dragan_of_a_constant_batch_is_finite():
    first, _ = seen(DRAGAN(), np.ones((4, 2)), np.zeros((4, 2)))
    np.testing.assert_array_equal(first, np.ones((4, 2)))


def test_r1_draws_nothing():
    generator = keras.random.SeedGenerator(5)
    before = np.asarray(generator.state)
    samples = keras.ops.ones((2, 2))
    R1()(Encounter(samples, samples, lambda x: x, None, None, generator))
    np.testing.assert_array_equal(generator.state, before)
