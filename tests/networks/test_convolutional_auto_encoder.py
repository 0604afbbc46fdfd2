"""Convolutional encoders and decoders of any size, in the games that they are for."""

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.networks import (
    convolutional_auto_encoder,
    convolutional_decoder,
    convolutional_encoder,
)


@pytest.mark.parametrize(
    "shape", [(100, 100, 1), (100, 100, 3), (28, 28, 1), (7, 13, 2), (1, 5, 1)]
)
def test_any_height_width_and_channels(shape):
    model = convolutional_auto_encoder(shape, code_size=3, filters=2)
    assert model.encoder.output_shape == (None, 3)
    assert model.decoder.output_shape == (None, *shape)
    assert model(np.zeros((2, *shape))).shape == (2, *shape)


def test_the_image_shrinks_and_the_channels_grow():
    encoder = convolutional_encoder((100, 100, 3), code_size=5, filters=4)
    sizes = [
        tuple(layer.output.shape[1:])
        for layer in encoder.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert sizes == [(50, 50, 4), (25, 25, 8), (13, 13, 16), (7, 7, 32)]


def test_codes_are_linear_and_samples_bounded():
    encoder = convolutional_encoder((8, 8, 1), code_size=2, filters=2)
    decoder = convolutional_decoder(2, (8, 8, 1), filters=2)
    assert encoder.get_layer("code").activation is keras.activations.linear
    samples = decoder.predict(np.full((1, 2), 1e4), verbose=0)
    assert np.abs(samples).max() <= 1.0


@pytest.mark.deterministic
def test_noise_is_for_training_alone():
    x = np.zeros((2, 8, 8, 1), "float32")
    denoising = convolutional_encoder((8, 8, 1), code_size=2, filters=2, noise=0.5)
    assert not np.allclose(denoising(x, training=True), denoising(x, training=True))
    np.testing.assert_array_equal(denoising(x, training=False), denoising(x, training=False))
    plain = convolutional_encoder((8, 8, 1), code_size=2, filters=2)
    np.testing.assert_array_equal(plain(x, training=True), plain(x, training=False))


def test_batch_normalization_is_an_option():
    def count(model):
        layers = [*model.encoder.layers, *model.decoder.layers]
        return sum(isinstance(layer, keras.layers.BatchNormalization) for layer in layers)

    assert count(convolutional_auto_encoder((16, 16, 1), 2, filters=2)) == 0
    assert count(convolutional_auto_encoder((16, 16, 1), 2, filters=2, normalization="batch")) > 0


def test_it_plays_in_both_games():
    x = np.random.default_rng(0).uniform(-1, 1, (32, 9, 8, 1)).astype("float32")
    parts = convolutional_auto_encoder((9, 8, 1), code_size=2, filters=2)
    aae = kerasgan.AdversarialAutoEncoder(
        parts.encoder, parts.decoder, kerasgan.networks.mlp(2, [4])
    )
    aae.compile()
    aae.fit(x, verbose=0)
    ebgan = kerasgan.EBGAN(
        kerasgan.networks.dcgan_generator(2, (9, 8, 1), filters=2),
        convolutional_auto_encoder((9, 8, 1), code_size=2, filters=2, noise=0.1),
    )
    ebgan.compile(pulling_away=0.1)
    assert "generator_pulling_away" in ebgan.fit(x, verbose=0).history


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sample_shape": (8, 8), "code_size": 2}, "`sample_shape`"),
        ({"sample_shape": (8, 8, 1), "code_size": 0}, "`code_size`. Expected a positive integer"),
        ({"sample_shape": (8, 8, 1), "code_size": 2, "noise": -0.1}, "`noise`"),
        ({"sample_shape": (8, 8, 1), "code_size": 2, "filters": 0}, "`filters`"),
        (
            {"sample_shape": (8, 8, 1), "code_size": 2, "normalization": "layer"},
            "`normalization`.*'batch'.*layer",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        convolutional_auto_encoder(**arguments)
