"""Data in other units than the generator's last activation are refused before training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan

L = keras.layers
PICTURES = np.random.default_rng(0).integers(0, 256, (32, 4, 4, 1)).astype("uint8")


def game(*last):
    generator = keras.Sequential([keras.Input((2,)), L.Dense(16), *last, L.Reshape((4, 4, 1))])
    discriminator = keras.Sequential([keras.Input((4, 4, 1)), L.Flatten(), L.Dense(1)])
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile()
    return gan


@pytest.mark.parametrize("x", [PICTURES, PICTURES.astype("float32"), PICTURES * 0.1])
@pytest.mark.parametrize(("name", "advice"), [("tanh", "x / 127.5 - 1"), ("sigmoid", "x / 255")])
def test_pictures_of_bytes_are_refused(x, name, advice):
    gan = game(L.Activation(name))
    low, high = {"tanh": (-1, 1), "sigmoid": (0, 1)}[name]
    message = rf"`x`. Expected values from {low} to {high}.*Received: values from 0 to .*`{advice}`"
    with pytest.raises(ValueError, match=message):
        gan.fit(x, verbose=0)


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return PICTURES[16 * index : 16 * (index + 1)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: tf.data.Dataset.from_tensor_slices(PICTURES).batch(16),
        Batches,
        lambda: (PICTURES[:16] for _ in range(2)),
    ],
    ids=["tf.data", "PyDataset", "generator"],
)
def test_so_are_batches_of_them(make):
    with pytest.raises(ValueError, match="`x`. Expected values from -1 to 1"):
        game(L.Activation("tanh")).fit(make(), verbose=0)


def test_validation_data_too():
    x = PICTURES / 127.5 - 1
    with pytest.raises(ValueError, match="`validation_data`. Expected values from -1 to 1"):
        game(L.Activation("tanh")).fit(x, validation_data=PICTURES, verbose=0)


@pytest.mark.parametrize(
    ("last", "x"),
    [
        ([L.Activation("tanh")], PICTURES / 127.5 - 1),
        ([L.Activation("tanh")], np.random.default_rng(0).normal(size=(32, 4, 4, 1))),
        ([L.Activation("sigmoid")], (PICTURES > 127).astype("uint8")),
        ([], PICTURES),
        ([L.Activation("tanh"), L.Rescaling(127.5, 127.5)], PICTURES),
        ([L.Dense(16, activation=lambda x: 300 * keras.ops.tanh(x), name="own")], PICTURES),
    ],
    ids=["scaled", "standardized", "binary", "linear", "rescaled", "own activation"],
)
def test_what_the_generator_can_make_is_taken(last, x):
    game(*last).fit(x.astype("float32") if x.dtype == "float64" else x, verbose=0, batch_size=32)


def test_an_auto_encoder_asks_its_decoder():
    mlp = kerasgan.networks.mlp
    decoder = mlp(2, [], 4, output_activation="sigmoid")
    model = kerasgan.AdversarialAutoEncoder(mlp(4, [], 2), decoder, mlp(2, []))
    model.compile()
    with pytest.raises(ValueError, match="`x`. Expected values from 0 to 1"):
        model.fit(np.full((8, 4), 7.0, "float32"), verbose=0)
