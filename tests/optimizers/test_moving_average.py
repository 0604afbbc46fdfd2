import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.optimizers.moving_average import MovingAverage

X = np.random.default_rng(0).normal(size=(64, 2)).astype("float32")


def dense(inputs, outputs):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])


def small_gan(loss="non_saturating", **arguments):
    generator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), keras.layers.BatchNormalization()]
    )
    gan = kerasgan.GAN(keras.Sequential([generator, keras.layers.Dense(2)]), dense(2, 1))
    gan.compile(generator_optimizer=keras.optimizers.SGD(0.5), loss=loss, **arguments)
    return gan


def test_the_average_is_the_weighted_mean_of_all_weights_so_far():
    model, momentum = dense(2, 1), 0.9
    average = MovingAverage([model], momentum)
    history = np.random.default_rng(0).normal(size=(5, 2, 1))
    for count, kernel in enumerate(history, start=1):
        model.layers[0].kernel.assign(kernel)
        average.update()
        weights = (1 - momentum) * momentum ** np.arange(count)[::-1] / (1 - momentum**count)
        expected = np.tensordot(weights, history[:count], axes=1)
        np.testing.assert_allclose(
            average.of(model).layers[0].kernel, expected, rtol=1e-5, atol=1e-6
        )


@keras.saving.register_keras_serializable(package="test_moving_average")
class Counting(keras.layers.Layer):
    def build(self, shape):
        self.counter = self.add_weight(
            shape=(), dtype="int64", trainable=False, initializer="zeros"
        )

    def call(self, inputs):
        return inputs


def test_integers_are_copied():
    model = keras.Sequential([keras.Input((2,)), Counting()])
    average = MovingAverage([model], 0.9)
    for count in (3, 8):
        model.layers[0].counter.assign(count)
        average.update()
        assert int(average.of(model).layers[0].counter) == count


@pytest.mark.deterministic
def test_training_is_not_touched_and_what_is_generated_is_the_averages():
    outcomes = []
    for momentum in (None, 0.5):
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(0)
        gan = small_gan(generator_ema=momentum)
        gan.fit(X, batch_size=16, epochs=3, verbose=0)
        outcomes.append(gan)
    plain, averaged = outcomes
    for ours, theirs in zip(plain.get_weights(), averaged.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.allclose(plain.generate(8, seed=0), averaged.generate(8, seed=0))
    average = averaged.averaged(averaged.generator)
    z = keras.ops.convert_to_numpy(averaged.prior.sample(8, seed=0))
    np.testing.assert_allclose(averaged.generate(8, seed=0), average(z), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(averaged.predict(z, verbose=0), average(z), rtol=1e-5, atol=1e-6)


@pytest.mark.deterministic
def test_an_evaluation_is_of_the_average():
    gan = small_gan(generator_ema=0.9)
    gan.fit(X, batch_size=16, epochs=2, verbose=0)
    loss = gan.evaluate(X, verbose=0, return_dict=True)["generator_loss"]
    gan.generator.set_weights([10 * weight for weight in gan.generator.get_weights()])
    assert gan.evaluate(X, verbose=0, return_dict=True)["generator_loss"] == loss


@pytest.mark.deterministic
def test_averages_are_saved_and_training_goes_on_as_if_never_stopped(tmp_path):
    keras.utils.set_random_seed(0)
    gan = small_gan(generator_ema=0.9)
    gan.fit(X, batch_size=16, epochs=2, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(gan.generate(4, seed=0), loaded.generate(4, seed=0))
    for model in (gan, loaded):
        model.fit(X, batch_size=16, epochs=2, verbose=0)
    np.testing.assert_array_equal(gan.generate(4, seed=0), loaded.generate(4, seed=0))


def test_weights_without_averages_are_loaded_before_compile(tmp_path):
    plain, averaged = small_gan(), small_gan(generator_ema=0.9)
    plain.save_weights(tmp_path / "plain.weights.h5")
    with pytest.raises(ValueError, match="before `compile`"):
        averaged.load_weights(tmp_path / "plain.weights.h5")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A hinge game with an average, and the files of it."""
    keras.utils.set_random_seed(0)
    gan = small_gan(generator_ema=0.9, loss="hinge", run_eagerly=True)
    gan.fit(X, batch_size=16, epochs=2, verbose=0)
    folder = tmp_path_factory.mktemp("trained")
    gan.save(folder / "gan.keras")
    gan.save_weights(folder / "gan.weights.h5")
    assert not np.allclose(gan.generator.get_weights()[0], gan.averages.generator.get_weights()[0])
    return gan, folder


def assert_samples_and_judges_alike(one, other):
    np.testing.assert_array_equal(one.generate(4, seed=0), other.generate(4, seed=0))
    np.testing.assert_array_equal(one.discriminate(X), other.discriminate(X))
    assert np.abs(one.discriminate(X)).max() > 1, "a critic's scores, no probabilities"


def test_a_model_that_is_loaded_without_compile_samples_and_judges_as_before(trained):
    gan, folder = trained
    loaded = keras.models.load_model(folder / "gan.keras", compile=False)
    assert_samples_and_judges_alike(gan, loaded)
    # What `compile` is not told stays.
    loaded.compile(generator_optimizer=keras.optimizers.SGD(0.5), loss="hinge")
    assert_samples_and_judges_alike(gan, loaded)
    assert loaded.get_compile_config()["generator_ema"] == 0.9


@pytest.mark.deterministic
def test_weights_bring_their_average_with_them(trained):
    gan, folder = trained
    plain = small_gan(loss="hinge", run_eagerly=True)
    plain.fit(X, batch_size=16, verbose=0)
    plain.load_weights(folder / "gan.weights.h5")
    assert_samples_and_judges_alike(gan, plain)
    # It is averaged on.
    again = keras.models.load_model(folder / "gan.keras")
    for model in (plain, again):
        model.fit(X, batch_size=16, verbose=0)
    assert_samples_and_judges_alike(again, plain)
    uncompiled = kerasgan.GAN.from_config(gan.get_config())
    uncompiled.load_weights(folder / "gan.weights.h5")
    assert_samples_and_judges_alike(gan, uncompiled)


def test_a_second_compile_keeps_the_average_unless_told_otherwise(trained):
    _, folder = trained
    gan = keras.models.load_model(folder / "gan.keras")
    average = gan.averages.generator.get_weights()
    for given, momentum in (({}, 0.9), ({"generator_ema": 0.99}, 0.99), ({}, 0.99)):
        gan.compile(**given)
        for one, other in zip(average, gan.averages.generator.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)
        assert gan.get_compile_config()["generator_ema"] == momentum
    gan.compile(generator_optimizer=keras.optimizers.SGD(0.5), generator_ema=None)
    assert gan.averaged(gan.generator) is gan.generator
    gan.load_weights(folder / "gan.weights.h5")
    assert gan.averaged(gan.generator) is gan.generator


def test_an_average_of_nothing_yet_begins_where_the_model_is():
    gan = small_gan(generator_ema=0.9)
    gan.generator.set_weights([weight + 1 for weight in gan.generator.get_weights()])
    gan.compile()
    np.testing.assert_array_equal(gan.averages.generator.weights[0], gan.generator.weights[0])


def test_the_averages_have_names():
    gan = small_gan(generator_ema=0.9)
    assert dir(gan.averages) == ["generator"]
    assert gan.averages.generator is gan.averaged(gan.generator)
    with pytest.raises(AttributeError, match=r"no average of 'discriminator'.*\['generator'\]"):
        gan.averages.discriminator  # noqa: B018
    with pytest.raises(AttributeError, match=r"compile\(generator_ema=0.999\)"):
        small_gan().averages.generator  # noqa: B018


def test_who_does_not_know_the_loss_does_not_guess_what_a_score_stands_for():
    with pytest.raises(ValueError, match="Call `compile` with the loss"):
        kerasgan.GAN(dense(3, 2), dense(2, 1)).discriminate(X)
    probability = keras.Sequential([dense(2, 1), keras.layers.Activation("sigmoid")])
    judged = kerasgan.GAN(dense(3, 2), probability).discriminate(X)
    np.testing.assert_allclose(judged, probability(X)[:, 0], rtol=1e-5)


def test_the_export_is_of_the_average(tmp_path):
    tf = pytest.importorskip("tensorflow")
    gan = small_gan(generator_ema=0.9)
    gan.fit(X, batch_size=16, epochs=2, verbose=0)
    before = gan.get_weights()
    gan.export(tmp_path / "exported", verbose=False)
    z = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
    exported = tf.saved_model.load(tmp_path / "exported")
    served = exported.serve(z)
    np.testing.assert_allclose(served, gan.averaged(gan.generator)(z), rtol=1e-5, atol=1e-6)
    for ours, theirs in zip(before, gan.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("momentum", [0, 1, -0.1, "0.9", True])
def test_bad_momentum(momentum):
    with pytest.raises((ValueError, TypeError), match="generator_ema"):
        small_gan(generator_ema=momentum)
