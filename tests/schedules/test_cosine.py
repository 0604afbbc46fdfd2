import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan.schedules import Cosine


@pytest.mark.parametrize(("start", "end"), [(0.0, 0.3), (150.0, 15.0), (-1.0, 1.0), (2.0, 2.0)])
def test_it_is_the_closed_form(start, end):
    schedule = Cosine(start, end, steps=40)
    for step in range(60):
        share = min(step, 40) / 40
        expected = end + (start - end) * (1 + np.cos(np.pi * share)) / 2
        assert float(schedule(step)) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_it_falls_as_keras_own_cosine_does():
    ours = Cosine(2e-4, 5e-5, steps=1000)
    keras_own = keras.optimizers.schedules.CosineDecay(2e-4, 1000, alpha=0.25)
    for step in (0, 1, 10, 500, 999, 1000, 5000):
        assert float(ours(step)) == pytest.approx(float(keras_own(step)), rel=1e-5)


def test_the_first_updates_of_a_long_schedule_keep_their_digits():
    """A quarter of pi² / 10¹² is below what 1 - cos has in float32."""
    value = float(Cosine(0.0, 1.0, steps=1_000_000)(1))
    assert value == pytest.approx((np.pi / 2e6) ** 2, rel=1e-5)


def test_it_takes_counters_and_works_in_graphs():
    schedule = Cosine(1.0, 3.0, steps=10)
    counter = keras.Variable(5, dtype="int64", trainable=False)
    value = tf.function(lambda: schedule(counter))()
    assert (float(value), value.dtype) == (pytest.approx(2.0), tf.float32)


def test_it_is_a_learning_rate_of_keras():
    optimizer = keras.optimizers.SGD(Cosine(1.0, 0.0, steps=2))
    weight = keras.Variable([0.0])
    optimizer.build([weight])
    for expected in (-1.0, -1.5, -1.5):
        optimizer.apply([keras.ops.ones((1,))])
        assert float(weight[0]) == pytest.approx(expected, abs=1e-6)
    again = keras.optimizers.SGD.from_config(json.loads(json.dumps(optimizer.get_config())))
    assert isinstance(again._learning_rate, Cosine)


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("start", {"start": "1"}),
        ("start", {"start": float("nan")}),
        ("end", {"end": None}),
        ("steps", {"steps": 0}),
        ("steps", {"steps": 1.5}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        Cosine(**{"start": 0.0, "end": 1.0, "steps": 10, **options})
