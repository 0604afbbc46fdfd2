"""Weights of penalties that follow a curve."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerasgan import penalties
from kerasgan.penalties import (
    DRAGAN,
    R1,
    R2,
    Encounter,
    FeatureMatching,
    PullingAway,
    Reconstruction,
)
from kerasgan.schedules import Cosine

SAMPLES = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
HALVING = keras.optimizers.schedules.ExponentialDecay(8.0, decay_steps=1, decay_rate=0.5)


@keras.saving.register_keras_serializable(package="tests_schedules")
class Steps(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule of the user's: 1 before an update, then 10."""

    def __init__(self, update):
        self.update = update

    def __call__(self, step):
        return keras.ops.where(step < self.update, 1.0, 10.0)

    def get_config(self):
        return {"update": self.update}


def encounter(step, samples=SAMPLES):
    samples = keras.ops.convert_to_tensor(samples)
    return Encounter(
        samples, samples, lambda x: 3.0 * x[:, :1], None, None, None, condition=samples, step=step
    )


@pytest.mark.parametrize(
    ("schedule", "weights"),
    [
        (HALVING, [8.0, 4.0, 2.0, 1.0]),
        (Cosine(150.0, 15.0, steps=2), [150.0, 82.5, 15.0, 15.0]),
        (keras.optimizers.schedules.PolynomialDecay(0.0, 2, 0.5), [0.0, 0.25, 0.5, 0.5]),
        (Steps(2), [1.0, 1.0, 10.0, 10.0]),
    ],
    ids=["exponential", "cosine", "linear", "own"],
)
@pytest.mark.parametrize("kind", [R1, R2])
def test_a_weight_follows_its_schedule(kind, schedule, weights):
    """The gradient of 3 x is 3 everywhere: the term is half of its square times the weight."""
    penalty = kind(schedule)
    counter = keras.Variable(0, dtype="int64", trainable=False)
    term = tf.function(lambda: penalty(encounter(counter)))
    for weight in weights:
        np.testing.assert_allclose(term(), [4.5 * weight] * 2, rtol=1e-6)
        counter.assign_add(1)


def test_other_terms_of_a_penalty_keep_their_weight():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="hidden")])
    real, fake = keras.ops.ones((2, 2)), keras.ops.zeros((2, 2))
    terms = []
    for weight in (HALVING, 0.0):
        penalty = FeatureMatching("hidden", weight, sample_weight=0.5)
        met = [
            Encounter(real, fake, model, model, lambda m, x: m(x), None, step=step)
            for step in (0, 1)
        ]
        terms.append([float(penalty(each)) for each in met])
    (first, second), (plain, same) = terms
    assert plain == same == pytest.approx(1.0)
    assert first - 1.0 == pytest.approx(2.0 * (second - 1.0))


@pytest.mark.parametrize(
    "penalty",
    [
        R1(HALVING),
        DRAGAN(Cosine(1.0, 2.0, 3), scale=0.25),
        PullingAway(Steps(7)),
        FeatureMatching("hidden", HALVING, 2.0),
        Reconstruction("mse", HALVING),
    ],
    ids=lambda penalty: penalty.name,
)
def test_round_trip(penalty):
    config = json.loads(json.dumps(penalties.serialize(penalty)))
    again = penalties.deserialize(config)
    assert type(again.weight) is type(penalty.weight)
    assert again.get_config() == penalty.get_config()
    assert float(again.weight(2)) == float(penalty.weight(2))


def test_a_schedule_where_nobody_counts_is_refused():
    """Without a step the weight would stay at its start, and nobody would see it."""
    with pytest.raises(ValueError, match=r"'r1'.*Expected a number.*weight=.*step"):
        R1(HALVING)(encounter(None))
    np.testing.assert_allclose(R1(2.0)(encounter(None)), [9.0, 9.0])


def test_the_term_keeps_the_precision_of_the_samples():
    assert R1(HALVING)(encounter(0, SAMPLES.astype("float64"))).dtype == tf.float64


def test_what_is_neither_a_number_nor_a_schedule():
    with pytest.raises(ValueError, match=r"`weight`.*not negative, or a schedule.*'cosine'"):
        R1("cosine")
