"""Drawing from a seed for a while, without a trace."""

import keras
import numpy as np

from kerasgan.seeds import seed_states, seeded, seeded_by


def noisy():
    layers = keras.layers
    return keras.Sequential([keras.Input((3,)), layers.GaussianNoise(1.0), layers.Dropout(0.5)])


def test_the_states_of_seeds_are_no_weights():
    model = noisy()
    assert len(seed_states(model)) == 2
    assert not model.weights


def test_models_draw_from_a_seed_and_go_on_as_if_they_had_not():
    model, x = noisy(), np.ones((4, 3), "float32")
    model(x, training=True)
    before = [np.array(state) for state in seed_states(model)]
    drawn = []
    for seed in (5, 5, 6):
        with seeded([model], seed):
            drawn.append(np.array(model(x, training=True)))
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[0], drawn[2])
    for state, value in zip(seed_states(model), before, strict=True):
        np.testing.assert_array_equal(state, value)


def test_the_layers_of_a_model_do_not_share_their_numbers():
    layers = keras.layers
    x = keras.Input((50,))
    twice = keras.Model(x, [layers.GaussianNoise(1.0)(x), layers.GaussianNoise(1.0)(x)])
    with seeded([twice], 3):
        one, other = twice(np.zeros((2, 50), "float32"), training=True)
    assert not np.array_equal(one, other)


def test_a_seed_that_is_a_tensor_changes_no_state():
    generator = keras.random.SeedGenerator(1)
    before = np.array(generator.state)
    with seeded_by(keras.ops.array(7), own=[generator.state], noise=[]):
        drawn = keras.random.normal((3,), seed=generator)
    np.testing.assert_array_equal(generator.state, before)
    np.testing.assert_array_equal(drawn, keras.random.normal((3,), seed=7))
    with seeded_by(None, own=[generator.state], noise=[]):
        keras.random.normal((3,), seed=generator)
    assert not np.array_equal(generator.state, before)
