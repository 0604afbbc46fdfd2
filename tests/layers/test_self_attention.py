import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.backend import value_and_gradients
from kerasgan.layers import SelfAttention


def images(rows, *shape, dtype="float32"):
    return np.random.default_rng(0).normal(size=(rows, *shape)).astype(dtype)


@pytest.mark.parametrize("shape", [(3, 5, 8), (6, 8), (2, 2, 3, 8)])
def test_it_is_equations_1_to_3(shape):
    layer = SelfAttention(reduction=4)
    x = images(2, *shape)
    layer.build(x.shape)
    layer.gamma.assign(0.7)
    f, g, h, v = (
        np.asarray(each.kernel, "float64") for each in (layer.f, layer.g, layer.h, layer.v)
    )
    found = np.asarray(layer(x))
    for image, result in zip(x, found, strict=True):
        places = image.reshape(-1, 8)
        expected = np.empty_like(places)
        for j, place in enumerate(places):
            # How much each place i is looked at from place j: Zhang et al., equation 1.
            scores = np.array([(f.T @ place) @ (g.T @ other) for other in places])
            shares = np.exp(scores) / np.exp(scores).sum()
            seen = sum(share * (h.T @ other) for share, other in zip(shares, places, strict=True))
            expected[j] = place + 0.7 * (v.T @ seen)
        np.testing.assert_allclose(result, expected.reshape(shape), atol=1e-5)


def test_at_first_it_changes_nothing_and_learns_to():
    layer = SelfAttention()
    x = keras.ops.convert_to_tensor(images(2, 4, 4, 8))
    np.testing.assert_array_equal(layer(x), x)

    def gradients():
        return value_and_gradients(
            lambda: (keras.ops.sum(layer(x) ** 3), None), layer.trainable_variables
        )[2]

    moved = {
        variable.path.split("/")[-1]: float(keras.ops.max(keras.ops.abs(gradient)))
        for variable, gradient in zip(layer.trainable_variables, gradients(), strict=True)
    }
    assert moved["gamma"] > 0
    layer.gamma.assign(0.5)
    assert all(float(keras.ops.max(keras.ops.abs(each))) > 0 for each in gradients())


def test_it_finds_what_is_far_away():
    """One pixel somewhere is lit; all others are to take its value."""
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(0)
    x = np.zeros((256, 3, 3, 2), "float32")
    places = random.integers(9, size=256)
    values = random.uniform(-1, 1, 256)
    flat = x.reshape(256, 9, 2)
    flat[np.arange(256), places] = np.stack([np.full(256, 3.0), values], axis=1)
    y = np.broadcast_to(values[:, None], (256, 9)).reshape(256, 3, 3, 1)
    model = keras.Sequential(
        [keras.Input((3, 3, 2)), keras.layers.Dense(8), SelfAttention(2), keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.02), "mse")
    model.fit(x, y, batch_size=64, epochs=25, verbose=0)
    assert model.evaluate(x, y, verbose=0) < 0.1 * y.var()


@pytest.mark.parametrize("normalization", [None, "spectral"])
def test_it_comes_back_from_a_file(normalization, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((3, 3, 8)),
            SelfAttention(4, normalization, "he_normal"),
            keras.layers.Dense(1),
        ]
    )
    model.layers[0].gamma.assign(0.5)
    x = images(2, 3, 3, 8)
    model(x, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    assert loaded.layers[0].get_config() == model.layers[0].get_config()


def test_spectral_normalization_holds_all_four_maps():
    layer = SelfAttention(4, "spectral")
    x = images(2, 3, 3, 8)
    step = tf.function(lambda: layer(x, training=True))
    for _ in range(30):
        step()
    for each in (layer.f, layer.g, layer.h, layer.v):
        assert np.linalg.norm(each.layer.kernel, 2) == pytest.approx(1.0, rel=0.01)


def test_mixed_precision():
    layer = SelfAttention(dtype="mixed_bfloat16")
    assert layer(images(2, 3, 3, 8)).dtype == "bfloat16"


@pytest.mark.parametrize(
    ("argument", "options"),
    [("reduction", {"reduction": 0}), ("normalization", {"normalization": "batch"})],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        SelfAttention(**options)


def test_shapes_that_are_refused():
    with pytest.raises(ValueError, match="`reduction`.*a divisor of the 12 channels.*reduction=8"):
        SelfAttention().build((None, 4, 4, 12))
    for shape in ((None, 8), (None, 4, 4, None)):
        with pytest.raises(ValueError, match="Invalid shape for argument `inputs`"):
            SelfAttention().build(shape)
