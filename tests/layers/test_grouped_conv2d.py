"""Convolutions by groups, as one for each group."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import signal

from kerasgan.backend import input_gradient
from kerasgan.layers import GroupedConv2D, grouped_conv2d


def images(rows, *shape, dtype="float32"):
    return np.random.default_rng(0).normal(size=(rows, *shape)).astype(dtype)


def test_it_is_a_correlation_of_each_group():
    layer = GroupedConv2D(6, 3, groups=2, padding="same", bias_initializer="normal")
    x = images(2, 5, 7, 4)
    found = np.asarray(layer(x))
    kernel, bias = (np.asarray(weight) for weight in layer.weights)
    assert kernel.shape == (3, 3, 2, 6)
    for image, result in zip(x, found, strict=True):
        for output in range(6):
            group = output // 3
            expected = bias[output] + sum(
                signal.correlate2d(image[..., 2 * group + i], kernel[..., i, output], mode="same")
                for i in range(2)
            )
            np.testing.assert_allclose(result[..., output], expected, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        {"groups": 3, "strides": 2},
        {"groups": 6, "padding": "same", "use_bias": False},
        {"groups": 2, "dilation_rate": 2},
        {"groups": 1, "activation": "relu"},
    ],
)
def test_it_is_keras_own_layer_with_its_weights(options):
    x = images(2, 7, 8, 6)
    ours, keras_own = (kind(12, 3, **options) for kind in (GroupedConv2D, keras.layers.Conv2D))
    keras_own.build(x.shape)
    ours.build(x.shape)
    ours.set_weights(keras_own.get_weights())
    np.testing.assert_allclose(ours(x), keras_own(x), atol=1e-5)


@pytest.mark.parametrize("accelerator", [False, True])
def test_a_gradient_penalty_through_it(accelerator, monkeypatch):
    """Beside finite differences, both as it is on a CPU and as it is on an accelerator."""
    monkeypatch.setattr(grouped_conv2d, "has_accelerator", lambda: accelerator)
    layer = GroupedConv2D(4, 3, groups=2, padding="same", use_bias=False, dtype="float64")
    x = tf.constant(images(2, 3, 3, 4, dtype="float64"))
    layer.build(x.shape)

    @tf.function
    def penalty(x):
        with tf.GradientTape() as tape:
            tape.watch(layer.kernel.value)
            slopes = input_gradient(lambda x: tf.reduce_sum(tf.tanh(layer(x)), axis=(1, 2, 3)), x)
            value = tf.reduce_sum(slopes**2)
        return value, tape.gradient(value, layer.kernel.value)

    _, gradient = penalty(x)
    start, way = np.asarray(layer.kernel), np.random.default_rng(1).normal(size=layer.kernel.shape)
    values = []
    for sign in (1, -1):
        layer.kernel.assign(start + sign * 1e-5 * way)
        values.append(float(penalty(x)[0]))
    assert np.sum(gradient * way) == pytest.approx((values[0] - values[1]) / 2e-5, rel=1e-6)


def test_groups_that_do_not_divide():
    with pytest.raises(ValueError, match="groups"):
        GroupedConv2D(6, 3, groups=4)
    with pytest.raises(ValueError, match="groups"):
        GroupedConv2D(6, 3, groups=3).build((None, 4, 4, 4))
