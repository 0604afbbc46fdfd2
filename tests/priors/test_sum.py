"""Sums: independent terms, whatever the seed; margins are five standard errors or more."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from kerasgan import priors

COUNT = 20_000


@pytest.fixture(params=[5, "generator"])
def seed(request):
    return keras.random.SeedGenerator(5) if request.param == "generator" else request.param


SUMS = {
    "two": (lambda: priors.Normal(1) + priors.Normal(), 2.0),
    "three": (lambda: priors.Normal(1) + priors.Normal() + priors.Normal(), 3.0),
    "nested_right": (lambda: priors.Normal(1) + (priors.Normal() + priors.Normal()), 3.0),
    "nested_both": (
        lambda: (priors.Normal(1) + priors.Normal()) + (priors.Normal() + priors.Normal()),
        4.0,
    ),
    "list": (lambda: priors.Sum([priors.Normal(1, 0, 2), priors.Normal(), priors.Normal()]), 6.0),
    # A mixture draws twice itself: its component and its noise.
    "mixture_first": (lambda: priors.NormalMixture([[0.0]]) + priors.Normal(), 2.0),
    "mixture_last": (lambda: priors.Normal() + priors.NormalMixture([[0.0]]), 2.0),
    "mixtures": (lambda: priors.NormalMixture([[0.0]]) + priors.NormalMixture([[0.0]]), 2.0),
    "uniform": (lambda: priors.Normal(1) + priors.Uniform(low=-3.0, high=3.0), 4.0),
}


@pytest.mark.parametrize(("make", "variance"), SUMS.values(), ids=SUMS)
def test_variances_add(make, variance, seed):
    samples = np.asarray(make().sample(COUNT, seed=seed), "float64")
    # No sum has heavier tails than a normal, whose sample variance has this standard error.
    assert samples.var() == pytest.approx(variance, abs=5.0 * variance * np.sqrt(2.0 / COUNT))
    assert samples.mean() == pytest.approx(0.0, abs=5.0 * np.sqrt(variance / COUNT))


def test_terms_are_drawn_and_added():
    prior = priors.Uniform(2, 0.0, 1.0) + priors.Uniform(low=10.0, high=11.0)
    samples = np.asarray(prior.sample(1000, seed=0))
    assert np.all((samples >= 10.0) & (samples <= 12.0))
    assert samples.min() < 10.3
    assert samples.max() > 11.7


def test_sum_takes_the_shape_of_its_terms_or_of_the_model():
    assert (priors.Normal() + priors.Normal(3)).shape == (3,)
    assert (priors.Normal() + priors.Normal()).shape is None
    shaped = (priors.Normal() + priors.Uniform()).shaped((2, 2))
    assert tuple(shaped.sample(5, seed=0).shape) == (5, 2, 2)


def test_configuration_keeps_the_shape_that_a_model_gave():
    shaped = (priors.Normal() + priors.Uniform()).shaped((2, 2))
    again = priors.deserialize(json.loads(json.dumps(priors.serialize(shaped))))
    assert again.shape == (2, 2)
    np.testing.assert_array_equal(again.sample(5, seed=0), shaped.sample(5, seed=0))


def test_shape_of_a_sum():
    assert priors.Sum([priors.Normal()], shape=3).shape == (3,)
    assert priors.Sum([priors.Normal(3)], shape=3).shape == (3,)
    with pytest.raises(ValueError, match=r"`priors`.*same shape.*\(2,\).*shape=\(3,\)"):
        priors.Sum([priors.Normal(2)], shape=3)


def test_no_terms_or_different_shapes():
    with pytest.raises(ValueError, match=r"`priors`.*at least one"):
        priors.Sum([])
    with pytest.raises(ValueError, match=r"`priors`.*same shape.*\(2,\), \(3,\)"):
        priors.Normal(2) + priors.Normal(3)


@pytest.mark.parametrize("other", [3, "normal", None])
def test_only_priors_are_added(other):
    with pytest.raises(TypeError):
        priors.Normal(2) + other
    with pytest.raises(TypeError, match="Invalid value for argument `priors`"):
        priors.Sum([priors.Normal(2), other])
