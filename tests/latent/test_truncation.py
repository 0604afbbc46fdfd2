"""Draws within a threshold: bounds, and the moments of a truncated normal distribution."""

import math

import keras
import numpy as np
import pytest
from latent_games import GAMES, gan

import kerasgan
from kerasgan.latent import truncate, truncated_draws
from kerasgan.priors import Normal

STANDARD = Normal(1)


def variance_within(threshold):
    """Of a standard normal variable, given that it is within the threshold."""
    density = math.exp(-(threshold**2) / 2) / math.sqrt(2 * math.pi)
    return 1.0 - 2.0 * threshold * density / math.erf(threshold / math.sqrt(2.0))


@pytest.mark.parametrize("threshold", [0.02, 0.5, 1.0, 2.0])
def test_resampled_draws_have_the_moments_of_the_truncated_normal(threshold):
    draws = np.random.default_rng(0).normal(size=100_000)
    within = truncated_draws(draws, STANDARD, threshold)
    assert np.abs(within).max() <= threshold
    assert np.abs(within).max() > 0.99 * threshold
    variance = variance_within(threshold)
    # Five standard errors of the mean and of the variance, whose own is below sqrt(2 / n).
    assert abs(within.mean()) < 5 * math.sqrt(variance / 1e5)
    assert abs(within.var() / variance - 1) < 5 * math.sqrt(2 / 1e5)


def test_resampled_draws_have_its_distribution_function():
    threshold = 1.5
    share = math.erf(threshold / math.sqrt(2.0))
    t = np.linspace(-4.0, 4.0, 33)
    within = truncated_draws(t, STANDARD, threshold)

    def cdf(x):
        return 0.5 * (1 + math.erf(x / math.sqrt(2.0)))

    # The truncated distribution's function of what comes out is the normal one's of what went in.
    for before, after in zip(t, within, strict=True):
        renormalized = (cdf(after) - cdf(-threshold)) / share
        assert renormalized == pytest.approx(cdf(before), abs=1e-12)


def test_clipping_leaves_what_is_within():
    draws = np.array([-3.0, -1.0, 0.3, 1.2, 9.0])
    clipped = truncated_draws(draws, STANDARD, 1.2, method="clip")
    np.testing.assert_allclose(clipped, [-1.2, -1.0, 0.3, 1.2, 1.2], rtol=1e-15)


@pytest.mark.parametrize("method", ["resample", "clip"])
def test_mean_and_deviation_of_the_prior(method):
    draws = np.random.default_rng(0).normal(size=(50, 2))
    prior = Normal(2, mean=-3.0, stddev=0.1)
    np.testing.assert_allclose(
        truncated_draws(-3.0 + 0.1 * draws, prior, 0.7, method),
        -3.0 + 0.1 * truncated_draws(draws, STANDARD, 0.7, method),
        rtol=1e-12,
    )


@pytest.mark.parametrize("method", ["resample", "clip"])
def test_a_threshold_far_out_changes_nothing(method):
    draws = np.array([-30.0, -7.5, -1.0, 0.0, 1e-8, 5.0, 12.0])
    # The distribution function rounds to 1 beyond 8, where draws of float32 never come.
    np.testing.assert_allclose(
        truncated_draws(draws, STANDARD, 40.0, method), draws, rtol=1e-3, atol=1e-20
    )


def test_lower_thresholds_move_every_coordinate_inwards():
    draws = np.random.default_rng(0).normal(size=1000)
    sizes = [np.abs(truncated_draws(draws, STANDARD, t)) for t in (3.0, 1.0, 0.3)]
    assert (sizes[0] > sizes[1]).all()
    assert (sizes[1] > sizes[2]).all()


@pytest.mark.parametrize(
    "prior",
    [
        kerasgan.priors.Uniform(3),
        kerasgan.priors.Normal(3) + kerasgan.priors.Normal(3),
        kerasgan.priors.FunctionPrior(keras.random.normal, 3),
        kerasgan.priors.NormalMixture.ring(3),
    ],
    ids=lambda prior: type(prior).__name__,
)
def test_other_priors_are_refused(prior):
    with pytest.raises(ValueError, match=f"Expected a `Normal` prior.*{type(prior).__name__}"):
        truncated_draws(prior.sample(2, seed=0), prior, 1.0)
    if prior.shape == (3,):
        with pytest.raises(ValueError, match="Expected a `Normal` prior"):
            truncate(gan(prior=prior))


@pytest.mark.parametrize("name", ["conditional_gan", "labeled_auto_encoder"])
def test_the_samples_of_generate_within_each_threshold(name, tmp_path):
    make, condition = GAMES[name]
    model = make()
    arguments = {} if condition is None else {"condition": condition}
    path = tmp_path / "new" / "truncated.png"
    samples = truncate(model, [20.0, 1e-6], count=5, seed=2, path=path, **arguments)
    generated = model.generate(5, seed=2, **arguments)
    np.testing.assert_allclose(samples[0], generated, rtol=1e-4, atol=1e-5)
    # Next to the mean all samples are the same.
    np.testing.assert_allclose(samples[1], samples[1, :1].repeat(5, axis=0), atol=1e-4)
    assert np.abs(generated - generated[:1]).max() > 1e-2
    assert [file.name for file in path.parent.iterdir()] == ["truncated.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"thresholds": [1.0, 0.0]}, "`threshold`"),
        ({"thresholds": []}, "`thresholds`"),
        ({"method": "reject"}, "`method`"),
        ({"count": 0}, "`count`"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        truncate(gan(), **arguments)
