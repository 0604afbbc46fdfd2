"""Means, variances and tails of the simple priors; margins are five standard errors."""

from __future__ import annotations

import numpy as np
import pytest

from kerasgan import priors

COUNT = 20_000


def draw(prior):
    return np.asarray(prior.sample(COUNT, seed=11), "float64")


def assert_moments(samples, mean, variance, excess_kurtosis):
    """Per feature, and uncorrelated between features."""
    np.testing.assert_allclose(samples.mean(0), mean, atol=5.0 * np.sqrt(variance / COUNT))
    # The variance of a sample's variance is variance^2 (excess kurtosis + 2) / count.
    margin = 5.0 * variance * np.sqrt((excess_kurtosis + 2.0) / COUNT)
    np.testing.assert_allclose(samples.var(0), variance, atol=margin)
    correlation = np.corrcoef(samples, rowvar=False) - np.eye(samples.shape[1])
    assert np.max(np.abs(correlation)) < 5.0 / np.sqrt(COUNT)


@pytest.mark.parametrize(("mean", "stddev"), [(0.0, 1.0), (-3.0, 0.2)])
def test_normal(mean, stddev):
    samples = draw(priors.Normal(3, mean, stddev))
    assert_moments(samples, mean, stddev**2, 0.0)
    beyond_two = np.mean(np.abs(samples - mean) > 2.0 * stddev)
    assert beyond_two == pytest.approx(0.0455, abs=5.0 * np.sqrt(0.0455 / samples.size))


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (2.0, 5.0)])
def test_uniform(low, high):
    samples = draw(priors.Uniform(3, low, high))
    assert_moments(samples, (low + high) / 2.0, (high - low) ** 2 / 12.0, -1.2)
    assert low <= samples.min() < low + 0.01 * (high - low)
    assert high - 0.01 * (high - low) < samples.max() <= high


def test_default_uniform_is_from_minus_one_to_one():
    samples = draw(priors.Uniform(1))
    assert (round(samples.min(), 2), round(samples.max(), 2)) == (-1.0, 1.0)
