"""Games in float64 throughout, once `keras.config.set_floatx("float64")` says so."""

import keras
import numpy as np
import pytest
from registry import LAYERS, MODELS

import kerasgan


@pytest.fixture
def in_float64():
    keras.config.set_floatx("float64")
    yield
    keras.config.set_floatx("float32")


@pytest.mark.usefixtures("in_float64")
@pytest.mark.promise("trains in float64 (`set_floatx`)")
@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_a_game_trains_in_float64(kind):
    make, data = MODELS[kind]
    model = make()
    model.compile(generator_ema=0.9, run_eagerly=True)
    batch = [part[:8] for part in data]
    logs = model.train_on_batch(*batch, return_dict=True)
    tested = model.test_on_batch(*batch, return_dict=True)
    assert all(np.isfinite(value) for value in [*logs.values(), *tested.values()])
    floats = {v.dtype for v in model.state() if keras.backend.is_float_dtype(v.dtype)}
    assert floats == {"float64"}


@pytest.mark.usefixtures("in_float64")
@pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)
def test_a_layer_computes_in_float64(kind):
    make, inputs = LAYERS[kind]
    wide = [
        each.astype("float64") if each.dtype.kind == "f" else each
        for each in (inputs if isinstance(inputs, list) else [inputs])
    ]
    outputs = make()(wide if isinstance(inputs, list) else wide[0], training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == "float64"


@pytest.mark.usefixtures("in_float64")
def test_penalties_metrics_and_losses_keep_the_digits_of_float64():
    """What float32 cannot hold: the logged terms are those of NumPy in float64."""
    discriminator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    gan = kerasgan.GAN(generator, discriminator)
    penalties = ["r1", "r2", "dragan", "wasserstein_gradient_penalty"]
    gan.compile(loss="wasserstein", penalties=penalties, metrics=["sliced_wasserstein"])
    x = np.random.default_rng(0).normal(size=(8, 2))
    logs = gan.evaluate(x, return_dict=True, verbose=0)
    kernel, bias = discriminator.get_weights()
    scores = float(np.mean(x @ kernel + bias))
    assert logs["real_probability"] == pytest.approx(scores, rel=1e-13)
    squared = np.sum(kernel**2)
    assert logs["discriminator_r1"] == pytest.approx(5 * squared, rel=1e-13)
    wanted = 10 * (np.sqrt(squared) - 1) ** 2
    assert logs["discriminator_dragan"] == pytest.approx(wanted, rel=1e-6)
    assert np.isfinite(logs["sliced_wasserstein"])


def ready_made():
    """Networks, and the shape of what goes in."""
    networks = kerasgan.networks
    sizes = {"levels": 2, "filters": 2, "convolutions": 1}
    image = (8, 8, 1)
    yield networks.mlp(3, [4], 2), (3,)
    yield networks.dcgan_generator(3, image, 2), (3,)
    yield networks.dcgan_discriminator(image, 2), image
    yield networks.patch_discriminator(image, filters=2, halvings=1), image
    yield networks.unet(image, 1, filters=2), image
    yield networks.super_resolution_generator(image, factor=2, filters=2, blocks=1), image
    yield networks.ProgressiveGenerator(3, image, **sizes), (3,)
    yield networks.ProgressiveDiscriminator(image, group_size=2, **sizes), image
    yield networks.lstm_generator(3, (5, 1), 2), (3,)
    yield networks.lstm_auto_encoder((5, 1), 2, 2), (5, 1)
    yield networks.convolutional_sequence_discriminator((8, 1), 2), (8, 1)
    yield networks.random_window_discriminator((8, 1), [4], filters=2), (8, 1)


@pytest.mark.usefixtures("in_float64")
def test_ready_made_networks_are_float64():
    for network, shape in ready_made():
        outputs = network(np.ones((2, *shape)), training=True)
        assert keras.backend.standardize_dtype(outputs.dtype) == "float64", network.name


@pytest.mark.usefixtures("in_float64")
def test_what_a_game_gives_is_float64(tmp_path):
    make, (x, *_) = MODELS[kerasgan.GAN]
    gan = make()
    gan.compile(run_eagerly=True)
    gan.fit(x[:8], verbose=0, callbacks=[kerasgan.callbacks.Diagnosis(rounds=1)])
    assert gan.generate(2, seed=0).dtype == gan.discriminate(x[:2]).dtype == "float64"
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    for one, other in zip(gan.get_weights(), loaded.get_weights(), strict=True):
        assert one.dtype == other.dtype == "float64"
        np.testing.assert_array_equal(one, other)
