"""Doubling and halving images, beside SciPy's convolutions."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import signal

from kerasgan.layers import BilinearDownSampling2D, BilinearUpSampling2D

FILTER = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64


def images(rows, *shape, dtype="float32"):
    return np.random.default_rng(0).normal(size=(rows, *shape)).astype(dtype)


def doubled(image):
    """Zeros between the pixels, and four times the filter over them."""
    spread = np.zeros((2 * image.shape[0], 2 * image.shape[1]))
    spread[::2, ::2] = image
    return signal.convolve2d(spread, 4 * FILTER)[1:-2, 1:-2]


def halved(image):
    return signal.convolve2d(image, FILTER)[2:-1:2, 2:-1:2]


@pytest.mark.parametrize(
    ("kind", "expected", "shape"),
    [
        (BilinearUpSampling2D, doubled, (5, 3, 2)),
        (BilinearUpSampling2D, doubled, (1, 1, 1)),
        (BilinearDownSampling2D, halved, (6, 4, 2)),
        (BilinearDownSampling2D, halved, (2, 2, 1)),
    ],
)
def test_it_is_the_filter(kind, expected, shape):
    x = images(3, *shape)
    layer = kind()
    found = np.asarray(layer(x))
    assert layer.compute_output_shape(x.shape) == found.shape
    assert layer.compute_output_shape((None, *shape)) == (None, *found.shape[1:])
    for image, result in zip(x, found, strict=True):
        for channel in range(shape[2]):
            np.testing.assert_allclose(
                result[..., channel], expected(image[..., channel]), atol=1e-6
            )


def test_doubling_is_keras_bilinear_layer_but_at_the_edges():
    x = images(2, 6, 8, 3)
    ours = np.asarray(BilinearUpSampling2D()(x))
    keras_own = np.asarray(keras.layers.UpSampling2D(2, interpolation="bilinear")(x))
    np.testing.assert_allclose(ours[:, 1:-1, 1:-1], keras_own[:, 1:-1, 1:-1], atol=1e-6)


def test_constants_stay_inside_of_the_edges():
    x = np.full((1, 8, 8, 1), 3.0, "float32")
    np.testing.assert_array_equal(
        BilinearUpSampling2D()(x)[:, 1:-1, 1:-1], np.full((1, 14, 14, 1), 3.0)
    )
    np.testing.assert_array_equal(
        BilinearDownSampling2D()(x)[:, 1:-1, 1:-1], np.full((1, 2, 2, 1), 3.0)
    )


def test_one_is_the_others_transpose():
    """`<up(x), y> = 4 <x, down(y)>`."""
    x, y = images(2, 3, 4, 2, dtype="float64"), images(2, 6, 8, 2, dtype="float64")
    up = BilinearUpSampling2D(dtype="float64")(x)
    down = BilinearDownSampling2D(dtype="float64")(y)
    assert np.sum(up * y) == pytest.approx(4 * np.sum(x * down), rel=1e-12)


@pytest.mark.parametrize("kind", [BilinearUpSampling2D, BilinearDownSampling2D])
def test_its_gradient_has_a_gradient(kind):
    """Of a linear map A: d/dy |A' y|² = 2 A A' y."""
    layer = kind(dtype="float64")
    x = tf.constant(images(2, 4, 6, 2, dtype="float64"))
    y = tf.constant(images(*layer.compute_output_shape(x.shape), dtype="float64"))

    @tf.function
    def both(x, y):
        with tf.GradientTape() as outer:
            outer.watch(y)
            with tf.GradientTape() as inner:
                inner.watch(x)
                product = tf.reduce_sum(layer(x) * y)
            transposed = inner.gradient(product, x)
            norm = tf.reduce_sum(transposed**2)
        return transposed, outer.gradient(norm, y)

    transposed, again = both(x, y)
    np.testing.assert_allclose(again, 2 * layer(transposed), rtol=1e-9)


@pytest.mark.parametrize("kind", [BilinearUpSampling2D, BilinearDownSampling2D])
def test_mixed_precision_and_graphs_of_any_batch(kind):
    layer = kind(dtype="mixed_bfloat16")
    model = keras.Sequential([keras.Input((4, 6, 3)), layer])
    x = np.ones((5, 4, 6, 3), "float32")
    assert layer(x).dtype == "bfloat16"
    assert model.predict(x, verbose=0).shape == layer.compute_output_shape(x.shape)


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        (BilinearUpSampling2D, (4, 4)),
        (BilinearUpSampling2D, (None, None, 4, 1)),
        (BilinearDownSampling2D, (None, 4, 5, 1)),
        (BilinearDownSampling2D, (None, 7, 4, 1)),
        (BilinearDownSampling2D, (None, None, 4, 1)),
    ],
)
def test_shapes_that_are_refused(kind, shape):
    with pytest.raises(
        ValueError, match="Invalid shape for argument `inputs`.*Received: inputs.shape"
    ):
        kind().build(shape)
