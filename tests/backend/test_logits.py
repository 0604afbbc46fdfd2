"""The logit behind a sigmoid: exact where a graph shows it, the inverse elsewhere."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from kerasgan.backend import ends_in_sigmoid, input_gradient, logits_of

FEATURES = 4
SPECIFICATION = [keras.KerasTensor((None, FEATURES), "float32")]


class Subclassed(keras.Model):
    def __init__(self, last):
        super().__init__()
        self.dense = layers.Dense(FEATURES)
        self.last = last

    def call(self, inputs):
        return self.last(self.dense(inputs))


class CompiledCall(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(FEATURES, activation="sigmoid")

    @tf.function
    def call(self, inputs):
        return self.dense(inputs)


def sequential(*stack):
    return keras.Sequential([keras.Input((FEATURES,)), *stack])


def functional(*stack):
    inputs = outputs = keras.Input((FEATURES,))
    for layer in stack:
        outputs = layer(outputs)
    return keras.Model(inputs, outputs)


SIGMOIDS = {
    "dense": lambda: sequential(layers.Dense(FEATURES, activation="sigmoid")),
    "functional": lambda: functional(layers.Dense(FEATURES, activation="sigmoid")),
    "activation_layer": lambda: sequential(layers.Dense(FEATURES), layers.Activation("sigmoid")),
    "keras_ops": lambda: Subclassed(ops.sigmoid),
    "keras_activation": lambda: Subclassed(keras.activations.sigmoid),
    "tensorflow": lambda: Subclassed(tf.nn.sigmoid),
    "nested": lambda: functional(sequential(layers.Dense(FEATURES, activation="sigmoid"))),
    "reshaped": lambda: sequential(
        layers.Dense(FEATURES, activation="sigmoid"), layers.Reshape((2, 2, 1))
    ),
    "flattened": lambda: sequential(
        layers.Dense(FEATURES, activation="sigmoid"), layers.Reshape((2, 2)), layers.Flatten()
    ),
    "expanded": lambda: Subclassed(lambda x: ops.expand_dims(ops.sigmoid(x), 1)),
    "cast": lambda: Subclassed(lambda x: ops.cast(ops.sigmoid(x), "float64")),
    "identity": lambda: sequential(
        layers.Dense(FEATURES, activation="sigmoid"), layers.Activation("linear"), layers.Identity()
    ),
    "dropout_at_rest": lambda: sequential(
        layers.Dense(FEATURES, activation="sigmoid"), layers.Dropout(0.5)
    ),
}

# Sigmoids behind which no exact logits are to be had, since the values are others or in another order.
MIXED = {
    "column": lambda: Subclassed(lambda x: ops.sigmoid(x)[:, 0]),
    "last_rows": lambda: Subclassed(lambda x: ops.sigmoid(x)[..., 1:]),
    "taken": lambda: Subclassed(lambda x: ops.take(ops.sigmoid(x), 0, axis=-1)),
    "transposed": lambda: sequential(
        layers.Dense(FEATURES, activation="sigmoid"), layers.Reshape((2, 2)), layers.Permute((2, 1))
    ),
    "mean": lambda: Subclassed(lambda x: ops.mean(ops.sigmoid(x), axis=-1)),
    "patches": lambda: sequential(
        layers.Dense(FEATURES, activation="sigmoid"),
        layers.Reshape((2, 2, 1)),
        layers.GlobalAveragePooling2D(),
    ),
    "pooled": lambda: sequential(
        layers.Dense(FEATURES, activation="sigmoid"),
        layers.Reshape((2, 2, 1)),
        layers.AveragePooling2D(2),
    ),
    "joined": lambda: Subclassed(
        lambda x: ops.concatenate([ops.sigmoid(x), ops.sigmoid(2.0 * x)], axis=-1)
    ),
    "stacked": lambda: Subclassed(lambda x: ops.stack([ops.sigmoid(x), ops.sigmoid(-x)], axis=-1)),
    "tf_function": lambda: Subclassed(tf.function(lambda x: ops.sigmoid(x))),
    "whole_call_a_tf_function": lambda: CompiledCall(),
    "tf_functions": lambda: Subclassed(
        tf.function(lambda x: tf.function(lambda y: (y, ops.sigmoid(y)))(x)[1][:, :2])
    ),
}

OTHERS = {
    "linear": lambda: sequential(layers.Dense(1)),
    "softmax": lambda: sequential(layers.Dense(2, activation="softmax")),
    "softmax_layer": lambda: sequential(layers.Dense(2), layers.Softmax()),
    "softmax_ops": lambda: Subclassed(ops.softmax),
    "softmax_reshaped": lambda: sequential(
        layers.Dense(FEATURES, activation="softmax"), layers.Reshape((2, 2))
    ),
    "tanh": lambda: sequential(layers.Dense(1, activation="tanh")),
    "softplus": lambda: sequential(layers.Dense(1, activation="softplus")),
    "silu": lambda: sequential(layers.Dense(1, activation="silu")),
    "hidden_sigmoid": lambda: sequential(layers.Dense(3, activation="sigmoid"), layers.Dense(1)),
    "scaled_sigmoid": lambda: Subclassed(lambda x: 6.0 * ops.sigmoid(x)),
    "nothing": lambda: sequential(layers.Activation("linear")),
    "mean_of_softmax": lambda: Subclassed(lambda x: ops.mean(ops.softmax(x), axis=-1)),
    "half_joined": lambda: Subclassed(lambda x: ops.concatenate([ops.sigmoid(x), x], axis=-1)),
    "function_of_two": lambda: Subclassed(
        lambda x: tf.function(lambda y: (ops.sigmoid(y), y))(x)[1]
    ),
    "gathered_by_a_sigmoid": lambda: Subclassed(
        lambda x: ops.take(x, ops.cast(ops.sigmoid(x[0]), "int32"), axis=-1)
    ),
}


def traced(model):
    return ends_in_sigmoid(lambda inputs: model(inputs, training=False), SPECIFICATION)


def identity_kernel(model):
    """Makes the dense layer hand its inputs on, so that the logits are known exactly."""
    (kernel,) = (w for w in model.trainable_variables if len(w.shape) == 2)
    kernel.assign(np.eye(FEATURES))


@pytest.mark.parametrize("make", [*SIGMOIDS.values(), *MIXED.values()], ids=[*SIGMOIDS, *MIXED])
def test_ends_in_sigmoid(make):
    assert traced(make()) is True


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_does_not_end_in_sigmoid(make):
    assert traced(make()) is False


def test_several_inputs():
    a, b = keras.Input((2,)), keras.Input((3,))
    joined = layers.Concatenate()([a, b])
    model = keras.Model([a, b], layers.Dense(1, activation="sigmoid")(joined))
    specifications = [keras.KerasTensor((None, n), "float32") for n in (2, 3)]
    assert ends_in_sigmoid(lambda *inputs: model(list(inputs)), specifications) is True


@pytest.mark.parametrize("make", SIGMOIDS.values(), ids=SIGMOIDS)
def test_logits_are_exact_in_a_graph_where_the_probability_has_saturated(make):
    model = make()
    model(np.zeros((1, FEATURES), "float32"))
    identity_kernel(model)
    shapes = []

    @tf.function(input_signature=[tf.TensorSpec((None, FEATURES), "float32")])
    def step(inputs):
        probability = model(inputs, training=False)
        logits = logits_of(probability)
        shapes.append((logits.shape.rank, probability.shape.rank))
        return logits, probability

    inputs = np.array([[-200.0, -60.0, 0.3, 30.0], [90.0, 200.0, -1.0, 0.0]], "float32")
    logits, probability = step(inputs)
    assert shapes[0][0] == shapes[0][1]
    assert logits.shape == probability.shape
    assert logits.dtype == "float32"
    np.testing.assert_array_equal(np.reshape(logits, inputs.shape), inputs)


@pytest.mark.parametrize("make", MIXED.values(), ids=MIXED)
def test_logits_of_mixed_sigmoids_are_the_inverse(make):
    model = make()
    inputs = tf.constant(np.random.default_rng(0).normal(0.0, 2.0, (6, FEATURES)), "float32")

    @tf.function
    def step(x):
        probability = model(x, training=False)
        return logits_of(probability), probability

    logits, probability = step(inputs)
    exact = np.asarray(probability, "float64")
    assert logits.shape == probability.shape
    np.testing.assert_allclose(logits, np.log(exact / (1.0 - exact)), rtol=1e-4, atol=1e-5)


def test_graph_does_not_take_a_softmax_for_a_sigmoid():
    inputs = tf.constant([[3.0, 1.0, 0.0, -2.0]])
    logits, probability = tf.function(lambda x: (logits_of(p := ops.softmax(x)), p))(inputs)
    exact = np.asarray(probability, "float64")
    np.testing.assert_allclose(logits, np.log(exact / (1.0 - exact)), rtol=1e-4)


def test_gradient_in_a_graph_does_not_go_through_the_sigmoid():
    model = SIGMOIDS["dense"]()
    identity_kernel(model)

    @tf.function
    def step(inputs):
        return input_gradient(lambda x: logits_of(model(x)), inputs)

    np.testing.assert_array_equal(step(tf.constant([[-99.0, 99.0, 0.0, 5.0]])), np.ones((1, 4)))


def test_mixed_precision_gives_float32_logits():
    model = sequential(
        layers.Dense(FEATURES, activation="sigmoid", dtype="mixed_bfloat16"),
        layers.Activation("linear", dtype="float32"),
    )
    assert traced(model) is True
    identity_kernel(model)
    inputs = tf.constant([[-128.0, 64.0, 0.5, 32.0]])  # exact in bfloat16
    logits = tf.function(lambda x: logits_of(model(x)))(inputs)
    assert logits.dtype == "float32"
    np.testing.assert_array_equal(logits, inputs)


@pytest.mark.parametrize("make", SIGMOIDS.values(), ids=SIGMOIDS)
def test_eager_agrees_with_the_graph(make):
    model = make()
    inputs = tf.constant(np.random.default_rng(0).normal(0.0, 2.0, (6, FEATURES)), "float32")
    eager = logits_of(model(inputs, training=False))
    graph = tf.function(lambda x: logits_of(model(x, training=False)))(inputs)
    assert eager.dtype == "float32"
    np.testing.assert_allclose(eager, graph, rtol=1e-4, atol=1e-5)


def test_inverse_of_bare_probabilities():
    logits = np.linspace(-80.0, 8.0, 89)
    probability = np.exp(-np.logaddexp(0.0, -logits)).astype("float32")
    # Near 1 the probability itself is known to 6e-8 only: 6e-8 (1 + exp(8)) = 2e-4.
    np.testing.assert_allclose(logits_of(probability), logits, rtol=1e-6, atol=3e-4)


def test_inverse_is_finite_at_zero_and_one():
    probability = tf.constant([0.0, 1e-45, 1e-30, 0.5, 1.0 - 2.0**-24, 1.0])
    logits = np.asarray(logits_of(probability))
    gradient = np.asarray(input_gradient(logits_of, probability))
    assert np.all(np.isfinite(logits))
    assert np.all(np.isfinite(gradient))
    assert np.all(np.diff(logits) >= 0.0)
    assert logits[0] < -80.0
    assert logits[-1] > 16.0
    np.testing.assert_allclose(gradient[3], 4.0, rtol=1e-6)
