"""Gradients of gradients that TensorFlow lacks, and the refusal of what is left."""

from __future__ import annotations

import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from kerasgan.backend import exact_moments, input_gradient, undifferentiable_operations


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("keepdims", [True, False])
def test_moments_have_the_same_bits(dtype, keepdims):
    x = tf.cast(3.0 + normal(5, 4, 3), dtype)
    usual = ops.moments(x, axes=[0, 2], keepdims=keepdims)
    with exact_moments():
        exact = ops.moments(x, axes=[0, 2], keepdims=keepdims)
    for one, other in zip(usual, exact, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_variance_has_all_of_its_second_derivative():
    """That of a sum of weighted deviations: 2/n (w - mean of w) for each w."""
    x, w = ops.convert_to_tensor(normal(5)), normal(5, seed=1)

    def slope_along(x):
        return ops.sum(w * input_gradient(lambda y: ops.moments(y, axes=[0])[1], x))

    wanted = 2.0 / 5.0 * (w - np.mean(w))
    np.testing.assert_allclose(input_gradient(slope_along, x), wanted, rtol=1e-5)


def test_moments_are_tensorflows_again_after_the_last_of_several_threads():
    before = tf.nn.moments
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with exact_moments():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    with exact_moments():
        thread.start()
        assert entered.wait(10)
        exact = tf.nn.moments
        assert exact is not before
    assert tf.nn.moments is exact
    leave.set()
    thread.join()
    assert tf.nn.moments is before


def test_moments_are_tensorflows_again_after_an_error():
    before = tf.nn.moments
    with pytest.raises(ZeroDivisionError), exact_moments():
        _ = 1 / 0
    assert tf.nn.moments is before


def faults_of(function, *shape):
    """What is found wrong with a penalty on the gradient of a function."""
    found = []

    @tf.function(autograph=False)
    def trace(x):
        found.extend(undifferentiable_operations(input_gradient(function, x) ** 2, [x]))

    trace.get_concrete_function(tf.TensorSpec(shape, "float32"))
    return [kind for _, kind, _ in found]


def test_operations_without_a_second_derivative_are_found():
    assert faults_of(lambda x: ops.tanh(x) ** 2, 3, 4) == []
    assert "LRNGrad" in faults_of(tf.nn.local_response_normalization, 1, 4, 4, 2)
    # Where it is stopped on purpose, nothing is missing.
    stopped = lambda x: x**2 * tf.stop_gradient(tf.nn.local_response_normalization(x))  # noqa: E731
    assert faults_of(stopped, 1, 4, 4, 2) == []


def test_a_function_that_was_traced_with_tensorflows_moments_is_found():
    normalized = tf.function(lambda x: keras.ops.layer_normalization(x) ** 2)
    assert faults_of(normalized, 3, 4) == []
    stale = tf.function(lambda x: keras.ops.layer_normalization(x) ** 2)
    stale.get_concrete_function(tf.TensorSpec((3, 4), "float32"))
    assert faults_of(stale, 3, 4) == ["moments"]
