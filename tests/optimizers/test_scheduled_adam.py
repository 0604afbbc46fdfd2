"""Adam with a schedule of beta_2, beside the recurrence in NumPy."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.optimizers import ScheduledAdam
from kerasgan.schedules import Cosine

GRADIENTS = np.random.default_rng(0).normal(size=(12, 3))


def steps(optimizer, run_in_graph=False):
    weight = keras.Variable(np.zeros(3, "float32"))
    optimizer.build([weight])
    apply = tf.function(optimizer.apply) if run_in_graph else optimizer.apply
    path = []
    for gradient in GRADIENTS:
        apply([keras.ops.convert_to_tensor(gradient, "float32")])
        path.append(np.array(weight))
    return path


def reference(rate, beta_1, beta_2):
    """Kingma and Ba's algorithm 1, with a beta_2 for each update."""
    weight, first, second, path = np.zeros(3), np.zeros(3), np.zeros(3), []
    for count, gradient in enumerate(GRADIENTS, start=1):
        beta = beta_2(count - 1)
        first = beta_1 * first + (1 - beta_1) * gradient
        second = beta * second + (1 - beta) * gradient**2
        mean, square = first / (1 - beta_1**count), second / (1 - beta**count)
        weight = weight - rate(count - 1) * mean / (np.sqrt(square) + 1e-8)
        path.append(weight)
    return path


def cosine(start, end, steps):
    return lambda step: end + (start - end) * (1 + np.cos(np.pi * min(step / steps, 1))) / 2


@pytest.mark.parametrize("run_in_graph", [False, True])
def test_it_is_algorithm_1_with_a_beta_2_that_changes(run_in_graph):
    optimizer = ScheduledAdam(
        Cosine(0.1, 0.01, 8), beta_1=0.5, beta_2=Cosine(0.9, 0.99, 8), epsilon=1e-8
    )
    expected = reference(cosine(0.1, 0.01, 8), 0.5, cosine(0.9, 0.99, 8))
    np.testing.assert_allclose(steps(optimizer, run_in_graph), expected, rtol=1e-4, atol=1e-6)


def test_with_a_number_it_is_keras_own():
    ours, keras_own = (kind(0.1, 0.0, 0.99) for kind in (ScheduledAdam, keras.optimizers.Adam))
    np.testing.assert_array_equal(steps(ours), steps(keras_own))


@pytest.mark.parametrize("beta_2", [0.95, Cosine(0.9, 0.99, 8)])
def test_configuration(beta_2):
    optimizer = ScheduledAdam(Cosine(0.1, 0.01, 8), 0.0, beta_2, weight_decay=0.01, name="mine")
    config = json.loads(json.dumps(keras.optimizers.serialize(optimizer)))
    again = keras.optimizers.deserialize(config)
    assert type(again) is ScheduledAdam
    assert keras.optimizers.serialize(again) == keras.optimizers.serialize(optimizer)
    np.testing.assert_array_equal(steps(again), steps(optimizer))


def test_a_model_goes_on_where_it_was_saved(tmp_path):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(ScheduledAdam(0.1, beta_2=Cosine(0.5, 0.999, 6)), "mse")
    x, y = GRADIENTS.astype("float32"), GRADIENTS[:, :1].astype("float32") * 3
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for each in (model, loaded):
        each.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize("beta_2", [1.0, -0.1, "0.9", None])
def test_beta_2_out_of_range(beta_2):
    with pytest.raises(ValueError, match=r"`beta_2`.*in \[0, 1\), or a schedule"):
        ScheduledAdam(beta_2=beta_2)
