"""Weight normalization: the closed form, the gradient's direction, and initialization from data."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.layers import WeightNormalization, initialize_from_data

LAYERS = keras.layers


def test_the_kernel_has_the_length_that_is_learned():
    layer = WeightNormalization(LAYERS.Dense(3, use_bias=False))
    layer.build((None, 4))
    rng = np.random.default_rng(0)
    v, g, b, x = (rng.normal(size=shape) for shape in ((4, 3), (3,), (3,), (5, 4)))
    layer.layer.set_weights([v])
    layer.scale.assign(g)
    layer.bias.assign(b)
    expected = x @ (g * v / np.linalg.norm(v, axis=0)) + b
    np.testing.assert_allclose(layer(x.astype("float32")), expected, rtol=1e-5)
    # The direction's length does not matter.
    layer.layer.set_weights([7 * v])
    np.testing.assert_allclose(layer(x.astype("float32")), expected, rtol=1e-5)


def test_a_convolution_equals_one_with_the_normalized_kernel():
    layer = WeightNormalization(LAYERS.Conv2D(2, 3, use_bias=False))
    x = np.random.default_rng(1).normal(size=(2, 5, 5, 3)).astype("float32")
    outputs = layer(x)
    kernel = np.asarray(layer.layer.kernel)
    plain = LAYERS.Conv2D(2, 3, use_bias=False)
    plain.build(x.shape)
    plain.set_weights([kernel / np.sqrt(np.square(kernel).sum(axis=(0, 1, 2)))])
    np.testing.assert_allclose(outputs, plain(x), rtol=1e-4, atol=1e-6)


def test_the_gradient_turns_the_direction_and_leaves_its_length():
    layer = WeightNormalization(LAYERS.Dense(3, use_bias=False))
    x = np.random.default_rng(2).normal(size=(6, 4)).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(layer(x) - 1.0))
    v = np.asarray(layer.layer.kernel)
    gradient = np.asarray(tape.gradient(loss, layer.layer.kernel.value))
    assert np.abs(gradient).max() > 0.1
    np.testing.assert_allclose((gradient * v).sum(axis=0), 0.0, atol=1e-4)


def test_the_scale_may_be_fixed():
    layer = WeightNormalization(LAYERS.Dense(3, use_bias=False), trainable_scale=False)
    layer.build((None, 4))
    trained = [variable.name for variable in layer.trainable_variables]
    assert sorted(trained) == ["bias", "kernel"]


@pytest.mark.parametrize("functional", [False, True])
def test_data_come_out_with_mean_0_and_variance_1_whatever_the_depth(functional):
    x = np.random.default_rng(3).normal(4.0, 9.0, size=(200, 5)).astype("float32")
    parts = [
        part
        for _ in range(3)
        for part in (WeightNormalization(LAYERS.Dense(6, use_bias=False)), LAYERS.ReLU())
    ]
    if functional:
        inputs = outputs = keras.Input((5,))
        for part in parts:
            outputs = part(outputs)
        model = keras.Model(inputs, outputs)
    else:
        model = keras.Sequential([keras.Input((5,)), *parts])
    initialize_from_data(model, x)
    for part in parts[::2]:
        values = np.asarray(keras.Model(model.inputs[0], part.output)(x))
        np.testing.assert_allclose(values.mean(axis=0), 0.0, atol=1e-4)
        np.testing.assert_allclose(values.std(axis=0), 1.0, atol=1e-3)


def test_one_row_has_no_variance():
    model = keras.Sequential(
        [keras.Input((4,)), WeightNormalization(LAYERS.Dense(3, use_bias=False))]
    )
    with pytest.raises(ValueError, match="`samples`.*two outputs or more.*shape \\(1, 3\\)"):
        initialize_from_data(model, np.ones((1, 4)))


def test_bad_arguments():
    for layer in (LAYERS.Dense(3), LAYERS.Dense(3, "relu", use_bias=False), LAYERS.ReLU()):
        with pytest.raises(ValueError, match="`layer`.*use_bias=False"):
            WeightNormalization(layer)
    with pytest.raises(ValueError, match="`model`.*WeightNormalization"):
        initialize_from_data(
            keras.Sequential([keras.Input((2,)), LAYERS.Dense(1)]), np.ones((2, 2))
        )
