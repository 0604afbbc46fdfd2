"""The logit behind a sigmoid: exact where a graph or a record shows it, the inverse elsewhere."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from kerasgan.backend import ends_in_sigmoid, input_gradient, logits_of, recorded_operations

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

# Sigmoids whose values are others behind them, or in another order.
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


def logit_of_mean(logits, *axes):
    """The logit of the mean probability along the last axes, in float64."""
    flat = logits.reshape((*logits.shape[: -len(axes)], -1)) if axes else logits
    likely, unlikely = (-np.logaddexp(0.0, sign * flat) for sign in (-1.0, 1.0))
    return np.logaddexp.reduce(likely, axis=-1) - np.logaddexp.reduce(unlikely, axis=-1)


def windows(logits, size, starts):
    """The logits of means over windows of the images `(rows, height, width)`, from their first pixels on."""
    return np.stack(
        [
            np.stack(
                [
                    logit_of_mean(logits[:, max(y, 0) : y + size, max(x, 0) : x + size], 1, 2)
                    for x in starts[1]
                ],
                axis=-1,
            )
            for y in starts[0]
        ],
        axis=-2,
    )


def image(logits):
    return logits.reshape(-1, 3, 4)


# What may come behind a sigmoid of 12 values, and what it makes of the logits `(rows, 12)`.
IMAGE = layers.Reshape((3, 4, 1))
TAILS = {
    "permuted": ([layers.Reshape((3, 4)), layers.Permute((2, 1))], lambda z: image(z).swapaxes(1, 2)),
    "cropped": ([IMAGE, layers.Cropping2D(((1, 0), (1, 1)))], lambda z: image(z)[:, 1:, 1:3, None]),
    "column": ([lambda p: p[:, 3]], lambda z: z[:, 3]),
    "taken": ([lambda p: ops.take(p, [5, 2], axis=-1)], lambda z: z[:, [5, 2]]),
    "flipped": ([lambda p: ops.flip(p, axis=1)], lambda z: z[:, ::-1]),
    "repeated": ([layers.RepeatVector(2)], lambda z: np.repeat(z[:, None], 2, axis=1)),
    "stacked": ([lambda p: ops.stack([p, p[:, ::-1]], axis=1)], lambda z: np.stack([z, z[:, ::-1]], 1)),
    "joined": ([lambda p: ops.concatenate([p, p], axis=1)], lambda z: np.concatenate([z, z], 1)),
    "largest": ([lambda p: ops.max(p, axis=1)], lambda z: z.max(axis=1)),
    "smallest": ([lambda p: ops.min(p, axis=1, keepdims=True)], lambda z: z.min(axis=1)[:, None]),
    "max_pooled": ([IMAGE, layers.GlobalMaxPooling2D()], lambda z: z.max(axis=1)[:, None]),
    "max_windows": (
        [IMAGE, layers.MaxPooling2D((3, 2))],
        lambda z: image(z).reshape(-1, 3, 2, 2).max(axis=(1, 3))[:, None, :, None],
    ),
    "mean": ([lambda p: ops.mean(p, axis=-1)], logit_of_mean),
    "mean_of_some": (
        [IMAGE, lambda p: ops.mean(p, axis=2, keepdims=True)],
        lambda z: logit_of_mean(image(z))[..., None, None],
    ),
    "patches": ([IMAGE, layers.GlobalAveragePooling2D()], lambda z: logit_of_mean(z)[:, None]),
    "windows": (
        [IMAGE, layers.AveragePooling2D(2)],
        lambda z: windows(image(z), 2, ([0], [0, 2]))[..., None],
    ),
    "overlapping_windows": (
        [IMAGE, layers.AveragePooling2D(2, strides=1)],
        lambda z: windows(image(z), 2, ([0, 1], [0, 1, 2]))[..., None],
    ),
    "padded_windows": (
        [IMAGE, layers.AveragePooling2D(3, strides=2, padding="same")],
        lambda z: windows(image(z), 3, ([-1, 1], [0, 2]))[..., None],
    ),
    "windows_of_a_sequence": (
        [layers.Reshape((12, 1)), layers.AveragePooling1D(4)],
        lambda z: logit_of_mean(z.reshape(-1, 3, 4))[..., None],
    ),
    "windows_of_a_volume": (
        [layers.Reshape((1, 3, 4, 1)), layers.AveragePooling3D((1, 3, 2))],
        lambda z: np.stack(
            [logit_of_mean(image(z)[..., i : i + 2], 1, 2) for i in (0, 2)], axis=-1
        )[:, None, None, :, None],
    ),
    "mean_of_means": (
        [IMAGE, layers.AveragePooling2D((3, 2)), lambda p: ops.mean(p, axis=(1, 2, 3))],
        logit_of_mean,
    ),
}  # fmt: skip


@pytest.mark.parametrize("run_eagerly", [False, True], ids=["graph", "eager"])
@pytest.mark.parametrize(("tail", "reference"), TAILS.values(), ids=TAILS)
def test_logits_are_exact_behind_whatever_keeps_probabilities(tail, reference, run_eagerly):
    inputs = np.random.default_rng(0).normal(0.0, 30.0, (5, 12))

    def step(inputs):
        with recorded_operations():
            probability = ops.sigmoid(inputs)
            for each in tail:
                probability = each(probability)
        return logits_of(probability), probability

    logits, probability = (step if run_eagerly else tf.function(step))(
        tf.constant(inputs, "float32")
    )
    assert logits.shape == probability.shape
    assert logits.dtype == "float32"
    np.testing.assert_allclose(logits, reference(inputs), rtol=1e-5, atol=1e-4)
    assert np.min(np.abs(logits)) < 15.0 or np.max(np.abs(logits)) > 30.0


@pytest.mark.parametrize("run_eagerly", [False, True], ids=["graph", "eager"])
def test_two_derivatives_of_the_logit_of_a_mean_far_out(run_eagerly):
    """Of three logits around -45, where squared probabilities are 0 in float32."""

    def both(inputs):
        def logit(x):
            with recorded_operations():
                mean = ops.mean(ops.sigmoid(x), axis=-1)
            return logits_of(mean)

        first = input_gradient(logit, inputs)
        second = input_gradient(lambda x: input_gradient(logit, x) ** 2, inputs)
        return first, second

    inputs = np.array([[-45.0, -44.0, -46.5]])
    first, second = (both if run_eagerly else tf.function(both))(tf.constant(inputs, "float32"))
    # So far out the logit of the mean is logsumexp of the logits, whose gradient is their softmax.
    shares = np.exp(inputs - np.logaddexp.reduce(inputs, axis=None))
    np.testing.assert_allclose(first, shares, rtol=1e-4)
    wanted = 2.0 * shares * (shares - np.sum(shares**2))
    np.testing.assert_allclose(second, wanted, rtol=1e-3)


def test_eager_tensors_remember_only_where_they_are_asked_to():
    probability = tf.sigmoid(tf.constant([100.0]))
    assert float(logits_of(tf.reshape(probability, ()))) < 17.0
    with recorded_operations():
        probability = tf.reshape(tf.sigmoid(tf.constant([100.0])), ())
    assert float(logits_of(probability)) == 100.0


@pytest.mark.parametrize("make", [*SIGMOIDS.values(), *MIXED.values()], ids=[*SIGMOIDS, *MIXED])
def test_eager_is_the_graph(make):
    model = make()
    inputs = tf.constant(np.random.default_rng(0).normal(0.0, 2.0, (6, FEATURES)), "float32")
    with recorded_operations():
        probability = model(inputs, training=False)
    graph = tf.function(lambda x: logits_of(model(x, training=False)))(inputs)
    np.testing.assert_allclose(logits_of(probability), graph, rtol=1e-5, atol=1e-6)


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


def test_derivatives_of_the_inverse_are_finite_where_the_sigmoid_is_flat():
    inputs = tf.constant([-103.0, -88.0, -60.0, -45.0, -30.0, -5.0, 5.0, 17.0, 40.0])
    hidden = tf.function(tf.sigmoid)
    first = input_gradient(lambda x: logits_of(hidden(x)), inputs)
    second = input_gradient(
        lambda x: input_gradient(lambda y: logits_of(hidden(y)), x) ** 2, inputs
    )
    assert np.all(np.isfinite(first))
    assert np.all(np.isfinite(second))
    np.testing.assert_allclose(first[4:7], 1.0, rtol=1e-4)
    np.testing.assert_allclose(second[4:7], 0.0, atol=1e-3)


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
