"""What the data were normalized by belongs to the model, which samples in the data's units."""

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.datasets import MinMax, Tanh, ZScore

mlp = kerasgan.networks.mlp


def game(**arguments):
    shape = (4, 4, 1)
    return kerasgan.GAN(mlp(3, [], shape, output_activation="tanh"), mlp(shape, []), **arguments)


@pytest.mark.parametrize("normalization", [Tanh(0, 255), ZScore(120, 60, images=True)], ids=repr)
def test_a_file_keeps_it_and_pictures_are_bytes_again(normalization, tmp_path):
    """The model is not compiled, and needs not be."""
    model = game(normalization=normalization)
    model.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert repr(loaded.normalization) == repr(normalization)
    samples = model.generate(9, seed=0)
    pictures = loaded.generate(9, seed=0, batch_size=4, normalized=False)
    assert pictures.dtype == np.uint8
    expected = np.clip(normalization.invert(samples), 0, 255)
    assert expected.std() > 10
    np.testing.assert_allclose(pictures, expected, atol=0.51)


def test_other_data_keep_their_fractions():
    model = game(normalization=Tanh(-1, 3))
    units = model.generate(5, seed=0, normalized=False)
    assert units.dtype == np.float32
    np.testing.assert_allclose(units, 2 * model.generate(5, seed=0) + 1, rtol=1e-5)


def test_it_may_be_set_and_taken_away_at_any_time(tmp_path):
    model = game()
    model.normalization = MinMax(0, 2)
    model.compile()
    model.normalization = None
    model.save(tmp_path / "gan.keras")
    assert keras.models.load_model(tmp_path / "gan.keras").normalization is None


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        ("tanh", TypeError, "such as `dataset.normalization`. Received: normalization='tanh'"),
        (keras.layers.Rescaling(1 / 255), TypeError, "`kerasgan.datasets.Normalization`"),
        (Tanh(), ValueError, r"call `fit\(array\)` with the data first"),
    ],
)
def test_what_cannot_invert_is_refused(value, error, expected):
    with pytest.raises(error, match=f"`normalization`.*{expected}"):
        game(normalization=value)
    model = game()
    with pytest.raises(error, match=f"`normalization`.*{expected}"):
        model.normalization = value
    assert model.normalization is None


def test_samples_of_several_tensors_have_several_units():
    latent = keras.Input((2,))
    parts = {"a": keras.Input((2,), name="a"), "b": keras.Input((3,), name="b")}
    made = {"a": keras.layers.Dense(2)(latent), "b": keras.layers.Dense(3)(latent)}
    judged = keras.layers.Dense(1)(keras.layers.Concatenate()([parts["a"], parts["b"]]))
    model = kerasgan.GAN(keras.Model(latent, made), keras.Model(parts, judged))
    model.normalization = Tanh(0, 255)
    with pytest.raises(ValueError, match=r"`normalized`.*a dictionary of \['a', 'b'\]"):
        model.generate(2, normalized=False)


def test_a_backup_from_before_it_was_set_goes_on(tmp_path):
    """It changes the units of samples, and no training."""
    x = np.zeros((8, 4, 4, 1), "float32")

    def fit(model, epochs):
        model.compile()
        backup = kerasgan.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
        return model.fit(x, batch_size=4, epochs=epochs, verbose=0, callbacks=[backup]).epoch

    assert fit(game(seed=1), 1) == [0]
    assert fit(game(seed=1, normalization=Tanh(0, 255)), 2) == [0, 1]
    with pytest.raises(ValueError, match="prior"):
        fit(game(seed=1, prior="uniform", normalization=Tanh(0, 255)), 3)
