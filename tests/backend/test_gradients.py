"""Gradients for variables and for inputs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.backend import input_gradient, value_and_gradients


def test_gradients_for_the_given_variables_in_their_order():
    a, b, other = (keras.Variable(value) for value in (2.0, 5.0, 7.0))

    def function():
        return a**3 * b * other, "auxiliary"

    value, auxiliary, gradients = value_and_gradients(function, [b, a])
    assert float(value) == pytest.approx(280.0)
    assert auxiliary == "auxiliary"
    np.testing.assert_allclose(gradients, [56.0, 420.0], rtol=1e-6)


def test_only_the_given_variables_are_watched():
    """A tape within a tape: the gradient that is asked for sees one player, and no other."""
    player, opponent = keras.Variable(3.0), keras.Variable(4.0)
    _, _, (gradient,) = value_and_gradients(lambda: (player * opponent**2, None), [player])
    assert float(gradient) == pytest.approx(16.0)
    _, _, gradients = value_and_gradients(lambda: (opponent * 2.0, None), [player])
    assert gradients == [None]


def test_untrainable_variables_can_be_differentiated_for():
    variable = keras.Variable(3.0, trainable=False)
    _, _, (gradient,) = value_and_gradients(lambda: (variable.value**2, None), [variable])
    assert float(gradient) == 6.0


def test_a_row_that_a_batch_looks_up_twice_has_one_gradient():
    """Adam's first step is the learning rate, whatever the gradient; of two halves it would be more."""
    table = keras.Variable(np.ones((3, 1), "float32"))

    def function():
        return keras.ops.sum(keras.ops.take(table, [0, 0, 2], axis=0)), None

    _, _, gradients = value_and_gradients(function, [table])
    np.testing.assert_array_equal(gradients[0], [[2.0], [0.0], [1.0]])
    adam = keras.optimizers.Adam(0.1)
    adam.build([table])
    adam.apply(gradients, [table])
    np.testing.assert_allclose(table, [[0.9], [1.0], [0.9]], rtol=1e-5)


def test_no_variables():
    value, _, gradients = value_and_gradients(lambda: (keras.ops.ones(()), None), [])
    assert float(value) == 1.0
    assert gradients == []


def test_input_gradient_is_per_row():
    inputs = np.random.default_rng(0).normal(size=(4, 2, 3)).astype("float32")
    weights = np.random.default_rng(1).normal(size=(2, 3)).astype("float32")

    def function(x):
        return keras.ops.sum(weights * x**3, axis=(1, 2))

    gradient = input_gradient(function, keras.ops.convert_to_tensor(inputs))
    np.testing.assert_allclose(gradient, 3.0 * weights * inputs**2, rtol=1e-5)
    alone = input_gradient(function, keras.ops.convert_to_tensor(inputs[2:3]))
    np.testing.assert_allclose(alone, gradient[2:3], rtol=1e-6)


def test_input_gradient_is_differentiable_again_and_again():
    x = keras.ops.convert_to_tensor(np.array([[1.0], [2.0], [-3.0]], "float32"))

    def first(inputs):
        return input_gradient(lambda y: y**4, inputs)

    second = input_gradient(first, x)
    np.testing.assert_allclose(second, 12.0 * np.square(x), rtol=1e-6)
    third = input_gradient(lambda inputs: input_gradient(first, inputs), x)
    np.testing.assert_allclose(third, 24.0 * np.asarray(x), rtol=1e-6)


def test_input_gradient_reaches_variables():
    scale = keras.Variable(3.0)
    x = keras.ops.convert_to_tensor(np.array([[1.0], [2.0]], "float32"))

    def penalty():
        return keras.ops.sum(input_gradient(lambda y: scale * y**2, x) ** 2), None

    # The sum of (2 s x)^2 is 4 s^2 (1 + 4).
    value, _, (gradient,) = value_and_gradients(penalty, [scale])
    assert (float(value), float(gradient)) == pytest.approx((180.0, 120.0))


def test_unconnected_input_has_a_zero_gradient():
    x = keras.ops.ones((3, 2))
    np.testing.assert_array_equal(
        input_gradient(lambda y: keras.ops.ones((3,)), x), np.zeros((3, 2))
    )


def test_what_cudnn_cannot_differentiate_twice_is_said_so():
    """As TensorFlow ends where a penalty of the user's meets an LSTM on a GPU."""

    @tf.custom_gradient
    def without_gradient(x):
        def gradient(upstream):
            raise LookupError("gradient registry has no entry for: CudnnRNNBackpropV3")

        return x, gradient

    variable = keras.Variable(1.0)
    with pytest.raises(ValueError, match="use_cudnn=False") as error:
        value_and_gradients(lambda: (without_gradient(variable.value), None), [variable])
    assert "CudnnRNNBackpropV3" in str(error.value)
