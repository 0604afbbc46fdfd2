"""The denoiser's turn, and its pull on the generator."""

import keras
import numpy as np
import pytest

import kerasgan

LAYERS = keras.layers


def dense(*sizes):
    layers = [LAYERS.Dense(size, activation="relu") for size in sizes[1:-1]]
    return keras.Sequential([keras.Input((sizes[0],)), *layers, LAYERS.Dense(sizes[-1])])


def judge():
    return keras.Sequential(
        [keras.Input((3,)), LAYERS.Dense(5, name="hidden"), LAYERS.Dense(1, name="score")]
    )


def make(denoiser=None, features="hidden"):
    return kerasgan.DenoisingFeatureMatchingGAN(
        dense(2, 3), judge(), denoiser or dense(5, 5), features, seed=0
    )


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(96, 3)).astype("float32")


def still():
    names = ("generator", "discriminator", "denoiser")
    return {f"{name}_optimizer": keras.optimizers.SGD(0.0) for name in names}


def test_k_discriminator_steps_then_the_denoiser_then_the_generator(x):
    model = make()
    model.compile(discriminator_steps=3)
    assert [turn.name for turn in model.turns()] == ["discriminator", "denoiser", "generator"]
    history = model.fit(x, batch_size=8, epochs=2, verbose=0)
    counts = {turn.name: int(model.optimizer[turn.name].iterations) for turn in model.turns()}
    assert counts == {"discriminator": 24, "denoiser": 8, "generator": 8}
    assert {"denoiser_loss", "generator_denoising"} < set(history.history)


@pytest.mark.parametrize("mover", ["discriminator", "denoiser", "generator"])
def test_a_turn_changes_its_own_player_only(x, mover):
    model = make()
    rates = {**still(), f"{mover}_optimizer": keras.optimizers.SGD(0.1)}
    model.compile(**rates, denoising_weight=10.0, run_eagerly=True)
    parts = ("generator", "discriminator", "denoiser")
    before = {part: getattr(model, part).get_weights()[0] for part in parts}
    model.train_on_batch(x[:16])
    changed = {
        part for part in parts if np.any(getattr(model, part).get_weights()[0] != before[part])
    }
    assert changed == {mover}


def shift(amount):
    """A denoiser that adds a constant, so that all distances are known."""
    model = keras.Sequential([keras.Input((5,)), LAYERS.Dense(5)])
    model.set_weights([np.eye(5), np.full(5, amount)])
    return model


def test_the_terms_are_distances_of_features(x):
    model = make(shift(2.0))
    model.compile(denoising_weight=0.25, noise=0.0)
    logs = model.test_on_batch(x, return_dict=True)
    np.testing.assert_allclose(logs["denoiser_loss"], 4.0, rtol=1e-5)
    np.testing.assert_allclose(logs["generator_denoising"], 0.25 * 4.0, rtol=1e-5)
    # What the denoiser is given has the noise on it: the mean of (2 + 3 n)^2 is 4 + 9.
    model.compile(noise=3.0)
    noisy = model.test_on_batch(np.repeat(x, 50, axis=0), return_dict=True)
    np.testing.assert_allclose(noisy["denoiser_loss"], 13.0, rtol=0.05)


def test_the_term_is_added_and_pulls_to_where_the_denoiser_points(x):
    """With r(f) = f + c, the gradient of (f - r)^2 is -2 c / n through f alone."""
    steps = {}
    for weight in (0.0, 1.0):
        model = make(shift(2.0))
        for part, value in ((model.generator, 0.1), (model.discriminator, 0.2)):
            part.set_weights([np.full_like(array, value) for array in part.get_weights()])
        model.compile(
            **{**still(), "generator_optimizer": keras.optimizers.SGD(1.0)}, denoising_weight=weight
        )
        before = model.generator.get_weights()[-1]
        model.train_on_batch(x[:16])
        steps[weight] = model.generator.get_weights()[-1] - before
    # df/dx is 0.2 for each of 5 features; the step is 2 * 2 / 5 * sum of 0.2 = 0.8 in each bias.
    np.testing.assert_allclose(steps[1.0] - steps[0.0], 0.8, rtol=1e-4)
    assert (steps[0.0] > 0).all()


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`denoiser`.*5.*4"):
        make(dense(5, 4))
    with pytest.raises(ValueError, match="`features`.*'hidden'.*'hiden'"):
        make(features="hiden")
    with pytest.raises(TypeError, match="`denoiser`"):
        make(denoiser=1)
    model = make()
    with pytest.raises(ValueError, match="`denoising_weight`.*-1"):
        model.compile(denoising_weight=-1.0)
    with pytest.raises(ValueError, match="`noise`.*-1"):
        model.compile(noise=-1.0)
