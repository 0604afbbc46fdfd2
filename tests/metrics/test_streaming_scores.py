"""Metrics of generated samples alone: mode coverage and the inception score."""

import keras
import numpy as np
import pytest

from kerasgan.datasets import gaussian_mixture
from kerasgan.metrics import InceptionScore, ModeCoverage


@pytest.mark.parametrize(
    ("draw", "centers", "stddev", "modes"),
    [
        (gaussian_mixture.ring, gaussian_mixture.ring_centers(), 0.01, 8),
        (gaussian_mixture.grid, gaussian_mixture.grid_centers(), 0.05, 25),
    ],
)
def test_the_mixture_itself_has_the_published_values(measured, draw, centers, stddev, modes):
    # P(chi_2 <= 3) = 1 - exp(-9 / 2) = 0.9889; 20,000 draws have a standard error of 0.0007.
    x = draw(count=20_000).x
    value = measured(ModeCoverage(centers, stddev), None, x, 2000)
    assert value["modes"] == modes
    assert value["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.003)
    # (modes - 1) / (2 n) is the expectation for a sample of n.
    assert value["reverse_kl"] == pytest.approx((modes - 1) / 40_000, abs=(modes - 1) / 40_000)


def test_modes_left_out_and_samples_between_modes_are_counted(measured):
    centers = gaussian_mixture.ring_centers(4)
    # Three near the first center, one near the second, two nowhere.
    fake = np.concatenate([centers[[0, 0, 0, 1]], np.zeros((2, 2))])
    value = measured(ModeCoverage(centers, 0.01), None, fake, 2)
    assert value["modes"] == 2
    assert value["high_quality"] == pytest.approx(4 / 6)
    expected = 0.75 * np.log(0.75 * 4) + 0.25 * np.log(0.25 * 4)
    assert value["reverse_kl"] == pytest.approx(expected)


def test_the_radius_is_counted_in_standard_deviations(measured):
    fake = np.array([[0.29], [0.31], [-0.31]])
    assert measured(ModeCoverage([[0.0]], 0.1), None, fake)["high_quality"] == pytest.approx(1 / 3)
    assert measured(ModeCoverage([[0.0]], 0.1, radius=4), None, fake)["high_quality"] == 1.0


def test_no_sample_near_any_mode(measured):
    value = measured(ModeCoverage([[0.0], [1.0]], 0.01), None, np.full((5, 1), 7.0))
    assert (value["modes"], value["high_quality"]) == (0.0, 0.0)
    assert np.isnan(value["reverse_kl"])


@pytest.mark.parametrize("centers", [[], [1.0, 2.0], [[np.nan]]])
def test_bad_centers(centers):
    with pytest.raises(ValueError, match="`centers`. Expected finite numbers of shape"):
        ModeCoverage(centers, 0.1)


def test_centers_of_another_size(measured):
    with pytest.raises(ValueError, match="Expected 2 features of each sample, as of `centers`"):
        measured(ModeCoverage([[0.0, 0.0]], 0.1), None, np.zeros((3, 5)))


def identity(x):
    return x


def test_the_inception_score_against_its_definition(measured, generator):
    p = generator.dirichlet(np.ones(7) * 0.3, size=100).astype("float32")
    marginal = p.mean(axis=0)
    divergences = [np.sum(row[row > 0] * np.log(row[row > 0] / marginal[row > 0])) for row in p]
    value = measured(InceptionScore(identity), None, p)
    assert value == pytest.approx(np.exp(np.mean(divergences)), rel=1e-6)


def test_the_inception_score_has_its_bounds(measured):
    assert measured(InceptionScore(identity), None, np.full((40, 4), 0.25)) == pytest.approx(1.0)
    one_hot = np.eye(4).repeat(10, axis=0)
    assert measured(InceptionScore(identity), None, one_hot) == pytest.approx(4.0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Softmax()])
    assert measured(InceptionScore(model), None, 100 * one_hot) == pytest.approx(4.0)


@pytest.mark.parametrize("features", [np.full((10, 4), 0.5), np.eye(4) * 2 - 0.25])
def test_what_is_no_probability_is_refused(measured, features):
    with pytest.raises(ValueError, match="Expected probabilities of classes"):
        measured(InceptionScore(identity), None, features)


def test_samples_are_no_probabilities():
    with pytest.raises(ValueError, match="`features`. Expected a classifier"):
        InceptionScore(None)
