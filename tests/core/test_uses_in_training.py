import keras
import numpy as np
import pytest
from keras import layers

import kerasgan

X = np.random.default_rng(0).normal(1.0, 2.0, (16, 2)).astype("float32")


@pytest.fixture
def game():
    generator = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2), layers.BatchNormalization(epsilon=0.5)]
    )
    discriminator = keras.Sequential(
        [keras.Input((2,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(1)]
    )
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.0), generator_ema=0.5)
    gan.fit(X, batch_size=8, verbose=0)
    return gan


def test_samples_with_the_statistics_of_their_batch(game):
    latent = game.sample_latent(12, seed=3)
    dense, norm = game.averages.generator.layers
    outputs = latent @ dense.kernel.numpy() + dense.bias.numpy()
    for size in (12, 4):
        batches = outputs.reshape(-1, size, 2)
        mean, variance = batches.mean(1, keepdims=True), batches.var(1, keepdims=True)
        expected = (batches - mean) / np.sqrt(variance + 0.5)
        expected = (expected * norm.gamma.numpy() + norm.beta.numpy()).reshape(-1, 2)
        before = [variable.numpy() for variable in game.state()]
        got = game.generate(12, seed=3, batch_size=size, training=True)
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
        for one, other in zip(before, game.state(), strict=True):
            np.testing.assert_array_equal(one, other.numpy())
    assert not np.allclose(got, game.generate(12, seed=3))


def test_judges_as_the_logs_of_training(game):
    judged = game.discriminate(X, training=True).mean()
    running = game.discriminate(X).mean()
    logged = game.train_on_batch(X, return_dict=True)["real_probability"]
    assert judged == pytest.approx(logged, abs=1e-6)
    assert abs(running - logged) > 1e-3


def test_translates_with_the_statistics_of_each_picture():
    def network():
        norm = layers.BatchNormalization(center=False, scale=False, epsilon=0.0)
        return keras.Sequential([keras.Input((4, 4, 1)), norm])

    judges = [
        keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(1)]) for _ in "ab"
    ]
    game = kerasgan.CycleGAN(network(), network(), *judges, pool_size=0)
    pictures = np.random.default_rng(1).normal(5.0, 2.0, (3, 4, 4, 1)).astype("float32")
    expected = (pictures - pictures.mean((1, 2, 3), keepdims=True)) / pictures.std(
        (1, 2, 3), keepdims=True
    )
    got = game.translate(pictures, to="b", batch_size=1, training=True)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
