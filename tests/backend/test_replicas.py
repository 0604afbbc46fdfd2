"""One step shared out over two replicas: the draws of one device, and a differentiable mean."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from kerasgan.backend import (
    all_replicas_mean,
    all_rows_mean,
    draw_rows,
    input_gradient,
    number_of_replicas,
    roll_rows,
)

# A process of its own: logical devices can only be made before TensorFlow starts.
SCRIPT = """
import json
import os

import keras
import numpy as np
import tensorflow as tf

os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # replicas are CPUs here, whatever else there is
(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

from kerasgan.backend import (
    all_replicas_mean, draw_rows, first_row, gradients_of_rows, is_first_replica, number_of_replicas,
    parts_of_means, roll_rows, value_and_gradients
)
from kerasgan.penalties import DRAGAN, Encounter, WassersteinGradientPenalty

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
found = {"outside": number_of_replicas()}


def listed(per_replica):
    return [np.asarray(x).tolist() for x in strategy.experimental_local_results(per_replica)]


def each(values):
    return strategy.experimental_distribute_values_from_function(
        lambda context: tf.constant(values[context.replica_id_in_sync_group])
    )


with strategy.scope():
    generator = keras.random.SeedGenerator(3)
    variable = keras.Variable(2.0)
    found["scope"] = number_of_replicas()


def normal(rows):
    return keras.random.normal((rows, 2), seed=generator)


@tf.function
def draw(rows):
    return draw_rows(normal, rows)


@tf.function
def draw_known():
    drawn = draw_rows(lambda rows: (normal(rows), tf.range(rows)), 3)
    return drawn[0], drawn[1]


found["count"] = listed(strategy.run(tf.function(lambda: tf.constant(number_of_replicas()))))
found["draws"] = [listed(strategy.run(draw, (tf.constant(3),))) for _ in range(2)]
structure = strategy.run(draw_known)
found["draws"].append(listed(structure[0]))
found["ranges"] = listed(structure[1])

found["rolled"] = [
    listed(strategy.run(tf.function(roll_rows), (each([first, second]),)))
    for first, second in (([0, 1, 2], [3, 4, 5]), ([0, 1, 2], [3]), ([0, 1], np.zeros(0, "int32")))
]


@tf.function
def uneven(rows):
    drawn = draw_rows(normal, rows)
    mean = tf.cast(rows, "float32") / tf.cast(rows, "float32") * 10.0  # NaN of no rows
    parts, sums = parts_of_means([mean, 4.0], [tf.cast(rows, "float32"), 0.0])
    statistic = all_replicas_mean(mean + tf.cast(rows, "float32"), rows)
    (gradient,) = gradients_of_rows([mean], rows)
    return drawn, first_row(rows), tf.stack(parts), tf.stack(sums), statistic, gradient


with strategy.scope():
    generator = keras.random.SeedGenerator(3)
start = np.asarray(generator.state)
for shares in ([2, 1], [3, 0]):
    generator.state.assign(start)
    found[f"uneven {shares}"] = [listed(each) for each in strategy.run(uneven, (each(shares),))]
found["first"] = listed(strategy.run(tf.function(lambda: tf.constant(is_first_replica()))))


@tf.function
def mean(x, factor):
    with tf.GradientTape() as tape:
        tape.watch(x)
        average = all_replicas_mean(x)
        loss = factor * average**2
    return average, tape.gradient(loss, x)


averages, gradients = strategy.run(mean, (each([1.0, 3.0]), each([1.0, 2.0])))
found["averages"], found["mean_gradients"] = listed(averages), listed(gradients)


@tf.function
def variables(x):
    value, _, (gradient,) = value_and_gradients(lambda: (x * variable.value**2, None), [variable])
    return gradient


found["variable_gradients"] = listed(strategy.run(variables, (each([1.0, 3.0]),)))

real = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
fake = 5.0 + real[::-1]
for penalty in (DRAGAN(), WassersteinGradientPenalty()):
    with strategy.scope():
        generator = keras.random.SeedGenerator(4)

    @tf.function
    def penalise(real, fake):
        score = lambda x: keras.ops.sum(x**3, axis=1)
        return penalty(Encounter(real, fake, score, None, None, generator))

    halves = [each([batch[:3], batch[3:]]) for batch in (real, fake)]
    found[penalty.name] = listed(strategy.run(penalise, halves))
    generator = keras.random.SeedGenerator(4)
    alone = penalise.python_function(tf.constant(real), tf.constant(fake))
    found[penalty.name + "_alone"] = np.asarray(alone).tolist()

print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(fork_server, tmp_path_factory):
    folder = tmp_path_factory.mktemp("replicas")
    (folder / "script.py").write_text(SCRIPT)
    done = fork_server.start(folder / "script.py", folder=folder).wait(120)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_number_of_replicas(found):
    assert found["outside"] == found["scope"] == number_of_replicas() == 1
    assert found["count"] == [2, 2]


def test_each_replica_keeps_its_rows_of_the_global_draw(found):
    generator = keras.random.SeedGenerator(3)
    for replicas in found["draws"]:
        assert np.shape(replicas) == (2, 3, 2)
        alone = draw_rows(lambda rows: keras.random.normal((rows, 2), seed=generator), 6)
        # There a CPU has drawn them, here perhaps a GPU.
        np.testing.assert_allclose(np.concatenate(replicas), alone, rtol=1e-5, atol=1e-6)
    assert found["ranges"] == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("shares", [[2, 1], [3, 0]])
def test_replicas_that_share_unevenly(found, shares):
    draws, first, parts, sums, statistic, gradients = found[f"uneven {shares}"]
    generator = keras.random.SeedGenerator(3)
    alone = draw_rows(lambda rows: keras.random.normal((rows, 2), seed=generator), 3)
    np.testing.assert_allclose(np.concatenate([each for each in draws if each]), alone, rtol=1e-5)
    assert [len(each) for each in draws] == shares
    assert first == [0, shares[0]]
    # Both replicas' parts add up to the mean; what weighs nothing anywhere is 0.
    np.testing.assert_allclose(parts, [[10 * rows / 3, 0] for rows in shares], rtol=1e-6)
    assert sums == [[3.0, 0.0]] * 2
    wanted = sum(rows * (10 + rows) for rows in shares) / 3
    np.testing.assert_allclose(statistic, [wanted] * 2, rtol=1e-6)
    assert gradients == [10.0 if rows else 0.0 for rows in shares]
    assert found["first"] == [True, False]


def test_rows_roll_over_the_whole_batch(found):
    assert found["rolled"] == [[[5, 0, 1], [2, 3, 4]], [[3, 0, 1], [2]], [[1, 0], []]]
    np.testing.assert_array_equal(roll_rows(np.array([[1, 2], [3, 4]])), [[3, 4], [1, 2]])


def test_mean_over_the_replicas_and_its_gradient(found):
    assert found["averages"] == [2.0, 2.0]
    # The two losses are f m^2 with f = 1, 2 and m = (x + y) / 2 = 2: 2 (1 + 2) m / 2 for either.
    assert found["mean_gradients"] == [6.0, 6.0]


def test_gradients_are_each_replicas_own(found):
    assert found["variable_gradients"] == [4.0, 12.0]


@pytest.mark.parametrize("name", ["dragan", "wasserstein_gradient_penalty"])
def test_penalties_on_two_replicas_equal_one_device(found, name):
    np.testing.assert_allclose(np.concatenate(found[name]), found[f"{name}_alone"], rtol=1e-5)
    assert np.ptp(found[name]) > 0.1


def test_without_a_strategy_all_is_as_it_is():
    rows = draw_rows(lambda count: np.arange(count), 4)
    np.testing.assert_array_equal(rows, [0, 1, 2, 3])
    assert all_replicas_mean(3.0) == 3.0


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_a_mean_of_rows_is_finite_whatever_their_number(rows):
    values = np.random.default_rng(0).normal(size=(rows, 3)).astype("float32")
    wanted = values.mean(axis=0) if rows else np.zeros(3)
    np.testing.assert_allclose(
        all_rows_mean(keras.ops.convert_to_tensor(values)), wanted, rtol=1e-6
    )
    gradient = input_gradient(all_rows_mean, keras.ops.convert_to_tensor(values))
    np.testing.assert_allclose(gradient, np.full((rows, 3), 1.0 / max(rows, 1)), rtol=1e-6)
