import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.networks import random_window_discriminator, text_encoder

X = np.random.default_rng(0).normal(size=(3, 20, 4)).astype("float32")
TOKENS = np.array([[1, 2], [3, 0], [2, 1]], "int32")


def windows_of(model):
    kind = kerasgan.layers.RandomWindow
    return [layer.length for layer in model.layers if isinstance(layer, kind)]


def test_a_score_for_each_window():
    model = random_window_discriminator((20, 4), [6, 11, 20], filters=4)
    assert sorted(windows_of(model)) == [6, 11, 20]
    assert tuple(model(X).shape) == (3, 3)


def test_conditions_add_a_score_for_each_window():
    model = random_window_discriminator((20, 4), [6, 20], text_encoder(2, 5), filters=4)
    assert model.output_shape == (None, 4)
    changed = np.array(model([X, TOKENS[::-1]])) != np.array(model([X, TOKENS]))
    # The first two scores look at the window alone; the middle row's condition is the same.
    assert changed.tolist() == [[False, False, True, True], [False] * 4, [False, False, True, True]]


def test_the_projection_is_the_inner_product_with_the_encoded_condition():
    encoder = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    model = random_window_discriminator((20, 4), [20], encoder, filters=4)
    # 20 steps become 10, 5 and 3; the channels 4, 8 and 16.
    flat = next(layer for layer in model.layers if isinstance(layer, keras.layers.Flatten))
    assert flat.output.shape == (None, 3 * 16)
    (projection,) = (
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.Dense) and layer.units == 3 * 16
    )
    condition = np.array([[1.0, 2.0]] * 3, "float32")
    features = np.array(keras.Model(model.inputs, flat.output)([X, condition]))
    unconditional, conditional = np.array(model([X, condition])).T
    expected = np.sum(features * np.array(projection(encoder(condition))), axis=1)
    np.testing.assert_allclose(conditional - unconditional, expected, rtol=1e-4, atol=1e-5)


def test_windows_move_in_training_alone():
    model = random_window_discriminator((20, 4), [6], filters=4)
    np.testing.assert_array_equal(model(X), model(X))
    draws = [np.array(model(X, training=True)) for _ in range(3)]
    assert not np.array_equal(draws[0], draws[1]) or not np.array_equal(draws[1], draws[2])
    # From the middle alone comes the judgment outside training.
    outside = X.copy()
    outside[:, :7] = outside[:, 13:] = 0
    np.testing.assert_array_equal(model(outside), model(X))


def test_in_a_game_evaluations_are_the_same_each_time():
    gan = kerasgan.GAN(
        kerasgan.networks.mlp((3,), [8], (20, 4)),
        random_window_discriminator((20, 4), [6, 20], filters=4),
        seed=0,
    )
    gan.compile(penalties=["r1"], run_eagerly=True)
    logs = gan.fit(X, batch_size=3, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in logs.values())
    assert gan.evaluate(X, return_dict=True, verbose=0) == gan.evaluate(
        X, return_dict=True, verbose=0
    )


@pytest.mark.parametrize("windows", [[], [0], [21], [4, 2.5]])
def test_bad_windows(windows):
    with pytest.raises(ValueError, match="`windows`"):
        random_window_discriminator((20, 4), windows)
