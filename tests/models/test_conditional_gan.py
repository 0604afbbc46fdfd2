"""A ConditionalGAN: conditions of every kind reach both sub-models, and their absence is an error."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan

LAYERS = keras.layers


def network(first, condition, units, dtype="float32", classes=None):
    """Any shapes in, joined flat."""
    inputs = [keras.Input(first), keras.Input(condition, dtype=dtype)]
    known = inputs[1] if classes is None else LAYERS.CategoryEncoding(classes, "one_hot")(inputs[1])
    flat = [
        tensor if tensor.ndim == 2 else LAYERS.Flatten()(tensor) for tensor in (inputs[0], known)
    ]
    return keras.Model(inputs, LAYERS.Dense(units)(LAYERS.Concatenate()(flat)))


def conditions(kind, count):
    rng = np.random.default_rng(0)
    return {
        "labels": (rng.integers(0, 5, (count, 1)), {"dtype": "int32", "classes": 5}),
        "one-hot": (np.eye(5)[rng.integers(0, 5, count)], {}),
        "multi-hot": (rng.integers(0, 2, (count, 5)).astype("float32"), {}),
        "real vectors": (rng.normal(size=(count, 3)), {}),
        "images": (rng.normal(size=(count, 4, 4, 1)), {}),
        "sequences": (rng.normal(size=(count, 6, 2)), {}),
    }[kind]


@pytest.mark.parametrize(
    "kind", ["labels", "one-hot", "multi-hot", "real vectors", "images", "sequences"]
)
def test_conditions_of_every_kind(kind):
    y, arguments = conditions(kind, 32)
    shape = y.shape[1:]
    gan = kerasgan.ConditionalGAN(
        network((3,), shape, 2, **arguments), network((2,), shape, 1, **arguments)
    )
    gan.compile(penalties=["r1"], run_eagerly=True)
    gan.fit(np.zeros((32, 2)), y, batch_size=16, verbose=0)
    one_each = gan.generate(4, condition=y[:4], seed=0)
    one_for_all = gan.generate(4, condition=y[0], seed=0)
    np.testing.assert_allclose(one_each[0], one_for_all[0], rtol=1e-5)
    assert not np.allclose(one_each[1:], one_for_all[1:])
    assert gan.discriminate(np.zeros((4, 2)), condition=y[:4]).shape == (4,)


def test_labels_without_an_axis_are_labels():
    gan = kerasgan.ConditionalGAN(
        kerasgan.networks.mlp((3,), [4], (2,), number_of_classes=5),
        kerasgan.networks.mlp((2,), [4], (1,), number_of_classes=5),
    )
    gan.compile()
    gan.fit(np.zeros((32, 2)), np.arange(32) % 5, verbose=0)
    assert gan.generate(3, condition=2).shape == (3, 2)
    assert gan.generate(3, condition=[0, 1, 2]).shape == (3, 2)


def test_the_generator_learns_what_its_condition_means():
    """x = y + noise: swapping the condition moves the samples with it."""
    rng = np.random.default_rng(0)
    y = rng.choice([-1.0, 1.0], (2048, 1)).astype("float32")
    x = y + 0.1 * rng.normal(size=(2048, 1)).astype("float32")

    def players(width):
        inputs = [keras.Input((width,)), keras.Input((1,))]
        hidden = LAYERS.Dense(32, activation="relu")(LAYERS.Concatenate()(inputs))
        return keras.Model(inputs, LAYERS.Dense(1)(hidden))

    gan = kerasgan.ConditionalGAN(players(2), players(1), seed=0)
    gan.compile(
        keras.optimizers.Adam(2e-3, beta_1=0.5),
        keras.optimizers.Adam(2e-3, beta_1=0.5),
        loss="relativistic",
        penalties=[kerasgan.penalties.R1(0.1), kerasgan.penalties.R2(0.1)],
        steps_per_execution=16,
    )
    gan.fit(x, y, batch_size=128, epochs=60, verbose=0)
    for condition in (-1.0, 1.0):
        generated = gan.generate(500, condition=[condition], seed=1)
        np.testing.assert_allclose(generated.mean(), condition, atol=0.15)
    # The discriminator weighs samples by their condition, too.
    right, wrong = (gan.discriminate(np.ones((8, 1)), [sign]).mean() for sign in (1.0, -1.0))
    assert right > wrong


def test_data_sets_carry_their_conditions_through_rounds(samples):
    gan = kerasgan.ConditionalGAN(network((3,), (2,), 2), network((2,), (2,), 1))
    gan.compile(discriminator_steps=2, loss="wasserstein")
    data = tf.data.Dataset.from_tensor_slices((samples, samples)).batch(8)
    gan.fit(data, verbose=0, validation_data=data)
    assert int(gan.optimizer["discriminator"].iterations) == 12
    gan.fit(samples, samples, batch_size=8, validation_split=0.5, verbose=0)
    assert int(gan.optimizer["discriminator"].iterations) == 18


def test_missing_surplus_or_misshapen_conditions_are_refused(samples):
    gan = kerasgan.ConditionalGAN(network((3,), (4,), 2), network((2,), (4,), 1))
    gan.compile()
    y = np.zeros((96, 4))
    nan = np.full((96, 4), np.nan)
    dataset = tf.data.Dataset.from_tensor_slices(samples).batch(8)
    for call, message in [
        (lambda: gan.fit(samples), "`y`. Expected the condition of each sample"),
        (lambda: gan.fit(dataset), r"`x`. Expected elements of \(samples, conditions\)"),
        (lambda: gan.fit(samples, y[:50]), "`y`. Expected 96 conditions.*50"),
        (lambda: gan.fit(samples, y[:, :3]), r"`y`. Expected conditions of shape \(4,\).*\(3,\)"),
        (lambda: gan.fit(samples, nan), "`y`. Expected finite"),
        (lambda: gan.generate(3), "`condition`. Expected the condition"),
        (lambda: gan.generate(3, condition=y[:2]), "`condition`. Expected 3 conditions"),
        (lambda: gan.discriminate(samples), "`condition`. Expected the condition"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(ValueError, match="two inputs.*for `ConditionalGAN`"):
        kerasgan.ConditionalGAN(
            keras.Sequential([keras.Input((3,)), LAYERS.Dense(2)]), network((2,), (4,), 1)
        )
    with pytest.raises(ValueError, match=r"`discriminator`"):
        kerasgan.ConditionalGAN(network((3,), (4,), 2), network((2,), (5,), 1))


def test_exported_generator_takes_integer_labels(tmp_path):
    generator = kerasgan.networks.dcgan_generator(2, (8, 8, 1), filters=2, number_of_classes=10)
    discriminator = kerasgan.networks.dcgan_discriminator((8, 8, 1), 2, number_of_classes=10)
    gan = kerasgan.ConditionalGAN(generator, discriminator)
    gan.export(tmp_path / "generator", verbose=False)
    latent, label = np.zeros((2, 2), "float32"), np.array([3, 7], "int32")
    served = keras.layers.TFSMLayer(tmp_path / "generator", call_endpoint="serve")([latent, label])
    np.testing.assert_allclose(served, generator([latent, label]), atol=1e-5)
