"""One-hot draws: their form, their frequencies, their seeds."""

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.priors import Categorical


def test_draws_are_one_hot_with_the_given_frequencies():
    prior = Categorical([1.0, 2.0, 5.0])
    draws = np.asarray(prior.sample(8000, seed=0))
    assert set(np.unique(draws)) == {0.0, 1.0}
    np.testing.assert_array_equal(draws.sum(axis=1), 1.0)
    # Five standard deviations of a frequency, at most sqrt(1/4 / 8000) each.
    np.testing.assert_allclose(draws.mean(axis=0), [0.125, 0.25, 0.625], atol=5 * 0.0056)


def test_without_probabilities_all_classes_of_the_models_shape_are_equal():
    prior = kerasgan.priors.get("categorical").shaped((4,))
    draws = np.asarray(prior.sample(8000, seed=1))
    np.testing.assert_allclose(draws.mean(axis=0), 0.25, atol=5 * 0.0056)


def test_a_seed_repeats_and_a_generator_moves_on():
    prior = Categorical([0.5, 0.5])
    one, again = (np.asarray(prior.sample(50, seed=3)) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    generator = keras.random.SeedGenerator(3)
    first, second = (np.asarray(prior.sample(50, seed=generator)) for _ in range(2))
    assert not np.array_equal(first, second)


def test_bad_arguments():
    for probabilities in ([0.5, 0.0], [], [[0.5, 0.5]], [1.0, np.nan]):
        with pytest.raises(ValueError, match="`probabilities`.*positive number"):
            Categorical(probabilities)
    for arguments in ({"probabilities": [0.5, 0.5], "shape": 3}, {"shape": (2, 2)}):
        with pytest.raises(ValueError, match="`shape`.*classes"):
            Categorical(**arguments)
    with pytest.raises(ValueError, match="latent shape"):
        Categorical([0.5, 0.5]).shaped((3,))
