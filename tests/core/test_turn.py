"""What layers add to the loss of their player's turn: each call, each weight once, and in the logs."""

import keras
import numpy as np
import pytest

import kerasgan

X = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
Y = np.random.default_rng(1).normal(size=(8, 2)).astype("float32")
L2 = keras.regularizers.L2


class Adds(keras.layers.Layer):
    """Adds the mean square of what goes through it."""

    def call(self, inputs):
        self.add_loss(keras.ops.mean(inputs**2))
        return inputs


def dense(units, **options):
    options = {"kernel_initializer": keras.initializers.GlorotUniform(seed=units), **options}
    return keras.layers.Dense(units, **options)


def constant_generator(**options):
    """Every sample is (1, 1)."""
    layer = dense(2, kernel_initializer="zeros", bias_initializer="ones", **options)
    return keras.Sequential([keras.Input((3,)), layer])


def game(*layers, generator=None, **arguments):
    keras.utils.set_random_seed(0)
    discriminator = keras.Sequential([keras.Input((2,)), *layers, dense(1)])
    gan = kerasgan.GAN(generator or constant_generator(), discriminator)
    gan.compile(**{"run_eagerly": True, **arguments})
    return gan


def squares(values):
    return float(np.sum(np.square(values)))


def activity(kernel, *batches):
    """What an activity regularizer of 0.1 and `Adds` after it add for the given calls."""
    outputs = [batch @ kernel for batch in batches]
    return sum(0.1 * squares(each) / len(each) + np.mean(each**2) for each in outputs)


@pytest.mark.parametrize("eagerly", [True, False])
def test_every_call_counts_and_every_weight_once(eagerly):
    hidden = dense(3, activity_regularizer=L2(0.1), kernel_regularizer=L2(0.2))
    gan = game(hidden, Adds(), run_eagerly=eagerly)
    kernel = gan.discriminator.get_weights()[0]
    wanted = 0.2 * squares(kernel) + activity(kernel, X, np.ones((8, 2)))
    real, fake = gan.discriminate(X), gan.discriminate(np.ones((8, 2)))
    played_for = -np.mean(np.log(real)) - np.mean(np.log(1 - fake))
    tested = gan.test_on_batch(X, return_dict=True)
    trained = gan.train_on_batch(X, return_dict=True)
    for logs in (tested, trained):
        assert logs["discriminator_regularization"] == pytest.approx(wanted, rel=1e-5)
        assert logs["discriminator_loss"] == pytest.approx(wanted + played_for, rel=1e-5)
        # The discriminator does not move in the generator's turn.
        assert "generator_regularization" not in logs


def test_what_is_added_without_a_regularizer_is_logged_too():
    logs = game(Adds()).test_on_batch(X, return_dict=True)
    assert logs["discriminator_regularization"] == pytest.approx(np.mean(X**2) + 1.0, rel=1e-5)


class Activity(kerasgan.penalties.Penalty):
    """An independent way to write an activity regularizer of the discriminator's first layer."""

    def call(self, encounter):
        layer = encounter.discriminator.layers[0]
        return sum(
            keras.ops.sum(layer(each) ** 2, axis=1) for each in (encounter.real, encounter.fake)
        )


def test_players_move_down_the_gradient_of_all_calls():
    regularized = game(dense(3, activity_regularizer=L2(0.5)), discriminator_optimizer="sgd")
    penalized = game(dense(3), penalties=[Activity(0.5)], discriminator_optimizer="sgd")
    for gan in (regularized, penalized):
        for _ in range(3):
            gan.train_on_batch(X)
    for one, other in zip(regularized.get_weights(), penalized.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_both_generators_of_a_cycle_count_each_of_their_translations():
    keras.utils.set_random_seed(0)

    def network(units, **options):
        return keras.Sequential([keras.Input((2,)), dense(units, **options)])

    model = kerasgan.CycleGAN(
        network(2, activity_regularizer=L2(0.1)),
        network(2, activity_regularizer=L2(0.1)),
        network(1),
        network(1),
    )
    model.compile(run_eagerly=True)
    to_a, to_b = (lambda x: model.translate(x, to="a")), (lambda x: model.translate(x, to="b"))
    translations = [to_b(X), to_a(Y), to_a(to_b(X)), to_b(to_a(Y))]
    wanted = sum(0.1 * squares(each) / len(each) for each in translations)
    logs = model.test_on_batch(X, Y, return_dict=True)
    assert logs["generator_regularization"] == pytest.approx(wanted, rel=1e-5)


def test_an_evaluation_looks_at_the_average_that_plays_in_it():
    generator = constant_generator(bias_regularizer=L2(1.0))
    gan = game(generator=generator, generator_ema=0.5)
    gan.averaged(generator).weights[1].assign([2.0, 0.0])
    assert gan.test_on_batch(X, return_dict=True)["generator_regularization"] == 4.0
    assert gan.train_on_batch(X, return_dict=True)["generator_regularization"] == 2.0


def test_weights_that_two_players_share_count_once():
    keras.utils.set_random_seed(0)
    encoder = keras.Sequential([keras.Input((2,)), dense(2, kernel_regularizer=L2(0.1))])
    model = kerasgan.AdversarialAutoEncoder(
        encoder,
        keras.Sequential([keras.Input((2,)), encoder.layers[0]]),
        keras.Sequential([keras.Input((2,)), dense(1)]),
    )
    model.compile(run_eagerly=True)
    wanted = 0.1 * squares(encoder.get_weights()[0])
    logs = model.test_on_batch(X, return_dict=True)
    assert logs["reconstruction_regularization"] == pytest.approx(wanted, rel=1e-5)
