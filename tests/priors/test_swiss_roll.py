"""The swiss roll is a spiral, evenly covered."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kerasgan import priors

COUNT = 20_000


def length(angle):
    """The arc length of the Archimedean spiral of radius = angle, from the origin."""
    return 0.5 * (angle * np.sqrt(1.0 + angle**2) + np.arcsinh(angle))


@pytest.mark.parametrize(("radius", "turns"), [(4.0, 2.0), (1.0, 3.5)])
def test_without_noise_samples_lie_on_the_spiral(radius, turns):
    samples = np.asarray(priors.SwissRoll(radius, turns, stddev=0.0).sample(2000, seed=0))
    distance = np.hypot(*samples.T)
    assert 0.99 * radius < distance.max() <= radius * (1.0 + 1e-6)
    angle = 2.0 * math.pi * turns * distance / radius
    wanted = distance[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    np.testing.assert_allclose(samples, wanted, atol=1e-5 * radius * turns)


@pytest.mark.parametrize("turns", [2.0, 4.0])
def test_arc_length_is_uniform(turns):
    samples = np.asarray(priors.SwissRoll(1.0, turns, stddev=0.0).sample(COUNT, seed=0), "float64")
    angle = 2.0 * math.pi * turns * np.hypot(*samples.T)
    covered = np.sort(length(angle) / length(2.0 * math.pi * turns))
    distance = np.max(np.abs(covered - np.arange(1, COUNT + 1) / COUNT))
    # Kolmogorov-Smirnov at one in 10,000 is 2.2 / sqrt(n); the arc length is a square of the radius
    # but for a term that is largest at the center, 0.015 of the length at two turns.
    assert distance < 2.2 / math.sqrt(COUNT) + 0.015


def test_noise_is_added_to_the_spiral():
    position = np.full(COUNT, 0.36, "float32")
    prior = priors.SwissRoll(radius=5.0, turns=1.25, stddev=0.3)
    samples = np.asarray(prior.draw((COUNT, 2), 4, position=position), "float64")
    # A radius of 0.6 * 5 after 0.6 * 1.25 turns: straight down.
    np.testing.assert_allclose(samples.mean(0), [0.0, -3.0], atol=5.0 * 0.3 / math.sqrt(COUNT))
    np.testing.assert_allclose(samples.std(0), 0.3, atol=5.0 * 0.3 / math.sqrt(2.0 * COUNT))
    assert abs(np.corrcoef(samples.T)[0, 1]) < 5.0 / math.sqrt(COUNT)


def test_position_and_noise_are_independent_under_an_integer_seed():
    prior, bare = priors.SwissRoll(stddev=0.1), priors.SwissRoll(stddev=0.0)
    on_roll = np.asarray(bare.sample(COUNT, seed=9), "float64")
    noise = np.asarray(prior.sample(COUNT, seed=9), "float64") - on_roll
    distance = np.hypot(*on_roll.T)
    for axis in range(2):
        assert abs(np.corrcoef(distance, noise[:, axis])[0, 1]) < 5.0 / math.sqrt(COUNT)
    np.testing.assert_allclose(noise.std(0), 0.1, atol=5.0 * 0.1 / math.sqrt(2.0 * COUNT))


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("radius", 0.0),
        ("radius", math.inf),
        ("radius", "4"),
        ("turns", 0.0),
        ("turns", math.nan),
        ("stddev", -0.1),
        ("stddev", math.inf),
    ],
)
def test_bad_argument_is_named(argument, value):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        priors.SwissRoll(**{argument: value})
