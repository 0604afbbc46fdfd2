"""Gradients that TensorFlow lacks or approximates: of resizing, of projections, of softsign."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kerasgan.backend import input_gradient


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(
    ("interpolation", "antialias"),
    [
        ("nearest", False),
        ("bilinear", False),
        ("bicubic", False),
        ("lanczos3", False),
        ("bilinear", True),
    ],
)
def test_derivatives_of_resizing_up_to_the_third(interpolation, antialias, compiled):
    """Of the sum of `(M x)^3`, where the matrix M is what resizing does to each single pixel."""

    def resized(x):
        return ops.image.resize(x, (3, 5), interpolation, antialias=antialias)

    pixels = np.eye(16, dtype="float32").reshape(16, 4, 4, 1)
    matrix = np.asarray(resized(pixels), "float64").reshape(16, 15).T
    u, v = normal(1, 4, 4, 1, seed=1), normal(1, 4, 4, 1, seed=2)

    def derivatives(x):
        first = lambda x: input_gradient(lambda y: resized(y) ** 3, x)  # noqa: E731
        second = lambda x: input_gradient(lambda y: u * first(y), x)  # noqa: E731
        return first(x), second(x), input_gradient(lambda y: v * second(y), x)

    x = ops.convert_to_tensor(normal(1, 4, 4, 1))
    found = (tf.function(derivatives) if compiled else derivatives)(x)
    seen, along_u, along_v = (matrix @ np.ravel(each) for each in (x, u, v))
    wanted = (
        matrix.T @ (3.0 * seen**2),
        matrix.T @ (6.0 * seen * along_u),
        matrix.T @ (6.0 * along_u * along_v),
    )
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(np.ravel(one), other, rtol=1e-3, atol=1e-4)


def test_xla_resizes_in_second_derivatives_too():
    def penalty(x):
        return ops.sum(input_gradient(lambda y: ops.image.resize(y, (3, 5)) ** 2, x) ** 2)

    x = ops.convert_to_tensor(normal(1, 4, 4, 1))
    usual = input_gradient(penalty, x)
    fast = tf.function(lambda x: input_gradient(penalty, x), jit_compile=True)(x)
    np.testing.assert_allclose(fast, usual, rtol=1e-4, atol=1e-5)
    assert np.abs(usual).max() > 1.0


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("interpolation", ["NEAREST", "BILINEAR"])
@pytest.mark.parametrize("fill_mode", ["CONSTANT", "REFLECT", "WRAP", "NEAREST"])
def test_derivatives_of_a_projection_up_to_the_third(interpolation, fill_mode, compiled):
    """Of the sum of `(M x)^3`, where the matrices M are what it does to each single pixel."""
    spread = np.array([0.4, 0.4, 2.0, 0.4, 0.4, 2.0, 0.03, 0.03])
    transforms = np.array([1.0, 0, 0, 0, 1, 0, 0, 0]) + spread * normal(2, 8)

    def projected(x, transforms=transforms):
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=x,
            transforms=tf.constant(transforms, "float32"),
            output_shape=(5, 7),
            fill_value=0.0,
            interpolation=interpolation,
            fill_mode=fill_mode,
        )

    pixels = np.eye(24, dtype="float32").reshape(24, 6, 4, 1)
    matrices = [
        np.asarray(projected(pixels, each[None]), "float64").reshape(24, 35).T
        for each in transforms
    ]
    u, v, x = (normal(2, 6, 4, 3, seed=seed) for seed in (1, 2, 3))

    def derivatives(x):
        first = lambda x: input_gradient(lambda y: projected(y) ** 3, x)  # noqa: E731
        second = lambda x: input_gradient(lambda y: u * first(y), x)  # noqa: E731
        return first(x), second(x), input_gradient(lambda y: v * second(y), x)

    found = (tf.function(derivatives) if compiled else derivatives)(ops.convert_to_tensor(x))
    for row, matrix in enumerate(matrices):
        seen, along_u, along_v = (matrix @ each[row].reshape(24, 3) for each in (x, u, v))
        wanted = (
            matrix.T @ (3.0 * seen**2),
            matrix.T @ (6.0 * seen * along_u),
            matrix.T @ (6.0 * along_u * along_v),
        )
        for one, other in zip(found, wanted, strict=True):
            result = np.reshape(one[row], (24, 3))
            np.testing.assert_allclose(result, other, rtol=1e-3, atol=1e-3)


def test_softsign():
    """f = x / (1 + |x|): f' = (1 + |x|)^-2, f'' = -2 sign(x) (1 + |x|)^-3."""
    x = np.array([-3.0, -0.5, 0.25, 2.0])
    first = lambda x: input_gradient(keras.activations.softsign, x)  # noqa: E731
    found = first(ops.convert_to_tensor(x)), input_gradient(first, ops.convert_to_tensor(x))
    np.testing.assert_allclose(found[0], (1.0 + np.abs(x)) ** -2.0)
    np.testing.assert_allclose(found[1], -2.0 * np.sign(x) * (1.0 + np.abs(x)) ** -3.0)
