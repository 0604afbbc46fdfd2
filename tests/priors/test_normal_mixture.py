"""Components, their frequencies, and the ring; margins are five standard errors."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from kerasgan import priors

COUNT = 20_000


def test_component_argument_picks_mean_and_deviation():
    means = np.array([[0.0, 100.0], [50.0, -50.0], [-80.0, 0.0]])
    deviations = np.array([[1.0, 2.0], [0.5, 0.1], [3.0, 4.0]])
    prior = priors.NormalMixture(means, deviations)
    component = np.arange(COUNT) % 3
    samples = np.asarray(prior.draw((COUNT, 2), 0, component=component), "float64")
    for index in range(3):
        chosen = samples[component == index]
        error = deviations[index] / np.sqrt(len(chosen))
        np.testing.assert_array_less(np.abs(chosen.mean(0) - means[index]), 5.0 * error)
        np.testing.assert_array_less(
            np.abs(chosen.std(0) - deviations[index]), 5.0 * error / math.sqrt(2.0)
        )


def test_components_are_equally_frequent_and_independent_of_the_noise():
    components = 5
    means = 100.0 * np.arange(components)[:, None]
    prior = priors.NormalMixture(means)
    assert prior.components == components
    for seed in (3, keras.random.SeedGenerator(3)):
        samples = np.asarray(prior.sample(COUNT, seed=seed), "float64")[:, 0]
        component = np.rint(samples / 100.0)
        noise = samples - 100.0 * component
        frequencies = np.bincount(component.astype(int), minlength=components) / COUNT
        error = math.sqrt(0.2 * 0.8 / COUNT)
        np.testing.assert_allclose(frequencies, 0.2, atol=5.0 * error)
        assert noise.std() == pytest.approx(1.0, abs=5.0 / math.sqrt(2.0 * COUNT))
        assert abs(np.corrcoef(component, noise)[0, 1]) < 5.0 / math.sqrt(COUNT)


def test_deviation_broadcasts():
    means = np.zeros((3, 2))
    for stddev, wanted in [(0.5, [[0.5, 0.5]] * 3), ([1.0, 2.0], [[1.0, 2.0]] * 3)]:
        np.testing.assert_array_equal(priors.NormalMixture(means, stddev).stddev, wanted)
    column = [[1.0], [2.0], [3.0]]
    np.testing.assert_array_equal(
        priors.NormalMixture(means, column).stddev, np.repeat(column, 2, 1)
    )


def test_default_deviation_is_one():
    np.testing.assert_array_equal(priors.NormalMixture([[0.0, 0.0]]).stddev, [[1.0, 1.0]])


@pytest.mark.parametrize("components", [1, 4, 10])
def test_ring_lies_evenly_on_its_circle(components):
    prior = priors.NormalMixture.ring(components, radius=3.0, stddev=0.25)
    assert prior.means.shape == (components, 2)
    np.testing.assert_array_equal(prior.stddev, np.full((components, 2), 0.25))
    np.testing.assert_allclose(np.hypot(*prior.means.T), 3.0, rtol=1e-6)
    np.testing.assert_allclose(prior.means[0], [3.0, 0.0], atol=1e-6)
    steps = np.diff(np.unwrap(np.arctan2(prior.means[:, 1], prior.means[:, 0])))
    np.testing.assert_allclose(steps, 2.0 * math.pi / components, rtol=1e-5)


@pytest.mark.parametrize(
    "means",
    [
        0.0,
        [1.0, 2.0],
        [[[1.0]]],
        [],
        [[]],
        [[math.nan]],
        [[math.inf]],
        [["1"]],
        [[True]],
        [[1.0, 2.0], [3.0]],
    ],
    ids=repr,
)
def test_bad_means(means):
    with pytest.raises(ValueError, match="Invalid value for argument `means`"):
        priors.NormalMixture(means)


@pytest.mark.parametrize("stddev", [0.0, -1.0, math.nan, math.inf, "1", [1.0, 0.0], None], ids=repr)
def test_bad_deviation(stddev):
    with pytest.raises(ValueError, match="Invalid value for argument `stddev`"):
        priors.NormalMixture([[0.0, 1.0]], stddev)


def test_deviation_that_fits_no_means():
    with pytest.raises(ValueError, match="Invalid value for argument `stddev`"):
        priors.NormalMixture([[0.0, 1.0]], [1.0, 2.0, 3.0])


@pytest.mark.parametrize("radius", [0.0, -1.0, math.inf, "4"])
def test_bad_radius(radius):
    with pytest.raises(ValueError, match="Invalid value for argument `radius`"):
        priors.NormalMixture.ring(4, radius=radius)


@pytest.mark.parametrize("components", [0, -1, 2.5])
def test_bad_ring(components):
    with pytest.raises(ValueError, match="Invalid value for argument `components`"):
        priors.NormalMixture.ring(components)
