"""Games whose penalties go through layers that TensorFlow cannot differentiate twice by itself."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan
from kerasgan.backend import value_and_gradients
from kerasgan.penalties import R1, Encounter, Penalty

LAYERS = keras.layers


def images_game(*stack, penalties, name="judge", rate=0.01, run_eagerly=False):
    keras.utils.set_random_seed(0)
    generator = [keras.Input((2,)), LAYERS.Dense(192), LAYERS.Reshape((8, 8, 3))]
    discriminator = [keras.Input((8, 8, 3)), *stack, LAYERS.Flatten(), LAYERS.Dense(1)]
    gan = kerasgan.GAN(
        keras.Sequential(generator), keras.Sequential(discriminator, name=name), seed=0
    )
    optimizers = keras.optimizers.SGD(rate), keras.optimizers.SGD(rate)
    gan.compile(*optimizers, penalties=penalties, run_eagerly=run_eagerly)
    return gan


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_resizing_is_penalized_like_the_pooling_that_is_the_same_function(run_eagerly):
    x = np.random.default_rng(0).normal(size=(16, 8, 8, 3)).astype("float32")
    penalties = []
    for layer in (LAYERS.Resizing(4, 4), LAYERS.AveragePooling2D(2)):
        gan = images_game(layer, penalties=[R1(100.0)], rate=0.05, run_eagerly=run_eagerly)
        logs = [gan.train_on_batch(x, return_dict=True) for _ in range(6)]
        penalties.append([each["discriminator_r1"] for each in logs])
    np.testing.assert_allclose(penalties[0], penalties[1], rtol=1e-4)
    assert penalties[0][-1] < 0.1 * penalties[0][0]


def test_layer_normalization_is_penalized_as_finite_differences_say():
    """Dense, layer normalization, tanh, dense: R1's gradient, beside the same network in NumPy."""
    epsilon = 1e-3
    random = np.random.default_rng(0)
    x = random.normal(size=(4, 3))
    weights = [random.normal(size=shape) for shape in ((3, 5), (5, 1))]

    def slopes(first, last):
        """The score's gradient at each sample, by the chain rule."""
        hidden = x @ first
        centered = hidden - hidden.mean(axis=1, keepdims=True)
        deviation = np.sqrt(np.mean(centered**2, axis=1, keepdims=True) + epsilon)
        normalized = centered / deviation
        upstream = (1.0 - np.tanh(normalized) ** 2) * last[:, 0]
        upstream = upstream - upstream.mean(axis=1, keepdims=True)
        through = np.mean(upstream * normalized, axis=1, keepdims=True) * normalized
        return (upstream - through) / deviation @ first.T

    def penalty(first, last):
        return 0.5 * np.mean(np.sum(slopes(first, last) ** 2, axis=1))

    model = keras.Sequential(
        [
            keras.Input((3,)),
            LAYERS.Dense(5, use_bias=False),
            LAYERS.LayerNormalization(epsilon=epsilon),
            LAYERS.Activation("tanh"),
            LAYERS.Dense(1, use_bias=False),
        ]
    )
    kernels = [model.layers[0].kernel, model.layers[-1].kernel]
    for kernel, weight in zip(kernels, weights, strict=True):
        kernel.assign(weight)
    samples = keras.ops.convert_to_tensor(x.astype("float32"))
    encounter = Encounter(samples, samples, model, model, None, None)
    value, _, gradients = value_and_gradients(
        lambda: (keras.ops.mean(R1(1.0)(encounter)), None), kernels
    )
    assert float(value) == pytest.approx(penalty(*weights), rel=1e-4)
    step = 1e-6
    for weight, gradient in zip(weights, gradients, strict=True):
        differences = np.zeros_like(weight)
        for index in np.ndindex(weight.shape):
            weight[index] += step
            above = penalty(*weights)
            weight[index] -= 2.0 * step
            differences[index] = (above - penalty(*weights)) / (2.0 * step)
            weight[index] += step
        np.testing.assert_allclose(gradient, differences, rtol=1e-3, atol=1e-4)


def dilated(x):
    return tf.nn.dilation2d(x, tf.ones((2, 2, 3)), (1, 1, 1, 1), "VALID", "NHWC", (1, 1, 1, 1))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (lambda: LAYERS.RandomHue(0.1, name="colored"), "'colored'.*cannot differentiate it"),
        (
            lambda: keras.Sequential([LAYERS.Lambda(dilated, name="widened")], name="inside"),
            "'widened'.*cannot differentiate its gradient",
        ),
    ],
)
def test_what_cannot_be_right_is_refused_at_compile_with_the_layers_name(layer, words):
    with pytest.raises(ValueError, match=f"(?s)argument `penalties`.*'r1'.*{words}"):
        images_game(layer(), penalties=["r1"])
    images_game(layer(), penalties=[])


class OwnTape(Penalty):
    """A user's penalty with a tape of its own."""

    def call(self, encounter):
        with tf.GradientTape() as tape:
            tape.watch(encounter.real)
            scores = encounter.score(encounter.real)
        gradient = tape.gradient(scores, encounter.real)
        return 0.5 * keras.ops.sum(keras.ops.square(gradient), axis=(1, 2, 3))


class CompiledCall(LAYERS.Layer):
    """A layer whose call is a `tf.function`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.layer = LAYERS.LayerNormalization()

    def build(self, shape):
        self.layer.build(shape)

    @tf.function
    def call(self, inputs):
        return self.layer(inputs)


def test_a_tape_of_the_users_own_is_as_right():
    x = np.random.default_rng(0).normal(size=(8, 8, 8, 3)).astype("float32")
    weights = []
    for penalty in (R1(10.0), OwnTape(10.0)):
        keras.utils.set_random_seed(0)
        stack = LAYERS.Dense(4), LAYERS.LayerNormalization(), LAYERS.Activation("tanh")
        gan = images_game(*stack, penalties=[penalty], run_eagerly=True)
        gan.train_on_batch(x)
        weights.append(gan.discriminator.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_a_normalization_inside_a_tf_function_is_refused():
    """TensorFlow has kept the function as it was called first, when the model was made."""
    with pytest.raises(ValueError, match=r"(?s)argument `penalties`.*'within'.*outside of one"):
        images_game(LAYERS.Dense(4), CompiledCall(name="within"), penalties=["r1"])
