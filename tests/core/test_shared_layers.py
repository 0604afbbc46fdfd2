import keras
import numpy as np
import pytest
from keras import layers

import kerasgan
from kerasgan.core.shared_layers import shared_layers


def sequential(inputs, *parts):
    return keras.Sequential([keras.Input((inputs,)), *parts])


def functional(inputs, *parts):
    tensor = given = keras.Input((inputs,))
    for part in parts:
        tensor = part(tensor)
    return keras.Model(given, tensor)


def sharing(make, shared):
    gan = kerasgan.GAN(make(4, shared, layers.Dense(4)), make(4, shared, layers.Dense(1)))
    gan.compile(run_eagerly=True)
    return gan


CASES = {
    "layer": lambda: sharing(sequential, layers.Dense(4, name="shared")),
    "functional": lambda: sharing(functional, layers.Dense(4, name="shared")),
    "model": lambda: sharing(functional, keras.Sequential([layers.Dense(4)], name="shared")),
    "tied": lambda: kerasgan.AdversarialAutoEncoder(
        sequential(4, shared := layers.Dense(4, name="shared")),
        sequential(4, shared),
        sequential(4, layers.Dense(1)),
    ),
    "within": lambda: kerasgan.GAN(
        sequential(4, sequential(4, shared := layers.Dense(4, name="shared")), shared),
        sequential(4, layers.Dense(1)),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_could_not_be_loaded_is_not_saved(case, tmp_path):
    model = CASES[case]()
    with pytest.raises(ValueError, match=r"share the layer 'shared'.*`save_weights`"):
        model.save(tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_weights_of_shared_layers_are_saved_and_loaded(tmp_path):
    gan = CASES["layer"]()
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    gan.fit(x, batch_size=16, verbose=0)
    gan.save_weights(tmp_path / "gan.weights.h5")
    other = CASES["layer"]()
    other.load_weights(tmp_path / "gan.weights.h5")
    np.testing.assert_array_equal(gan.generate(3, seed=0), other.generate(3, seed=0))
    assert other.generator.layers[0] is other.discriminator.layers[0]


def test_what_can_be_loaded_is_saved(tmp_path):
    """A layer that is called twice in one model, and one without weights in two."""
    twice, activation = layers.Dense(4), layers.ReLU()
    gan = kerasgan.GAN(
        functional(4, twice, activation, twice), sequential(4, layers.Dense(1), activation)
    )
    assert shared_layers(gan) == []
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    np.testing.assert_array_equal(gan.generate(3, seed=0), loaded.generate(3, seed=0))


@pytest.mark.parametrize("ending", ["h5", "hdf5"])
def test_the_older_format_is_refused(ending, tmp_path):
    gan = CASES["layer"]()
    with pytest.raises(ValueError, match=r"'\.keras'.*'\.weights\.h5'"):
        gan.save(tmp_path / f"gan.{ending}")
    assert list(tmp_path.iterdir()) == []
