"""`get`, `serialize`, `deserialize`: names, objects, configurations, callables, subclasses."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan import losses

NAMES = {
    "hinge": losses.Hinge,
    "least_squares": losses.LeastSquares,
    "minimax": losses.Minimax,
    "non_saturating": losses.NonSaturating,
    "relativistic": losses.Relativistic,
    "wasserstein": losses.Wasserstein,
}


@keras.saving.register_keras_serializable(package="tests_losses")
def squares(real_scores, fake_scores):
    return (real_scores - 2.0) ** 2 + fake_scores**2, (fake_scores - 2.0) ** 2


@keras.saving.register_keras_serializable(package="tests_losses")
class Scaled(kerasgan.losses.AdversarialLoss):
    def __init__(self, factor):
        self.factor = factor

    def discriminator(self, real_scores, fake_scores):
        return self.factor * (fake_scores - real_scores)

    def generator(self, real_scores, fake_scores):
        return -self.factor * fake_scores

    def get_config(self):
        return {"factor": self.factor}


def ones(factor=1.0):
    return factor * keras.ops.ones((2, 1))


def round_trip(loss):
    # Through JSON, as a saved model's configuration goes.
    return losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))


@pytest.mark.parametrize(("name", "kind"), NAMES.items())
def test_get_by_name_makes_the_defaults(name, kind):
    loss = losses.get(name)
    assert type(loss) is kind
    assert type(losses.get(kind.__name__)) is kind
    assert loss.get_config() == kind().get_config()


def test_get_keeps_an_object():
    loss = losses.Minimax(label_smoothing=0.3)
    assert losses.get(loss) is loss


@pytest.mark.parametrize(
    "loss",
    [
        losses.Hinge(),
        losses.LeastSquares(real_label=0.8),
        losses.Minimax(label_smoothing=0.2),
        losses.NonSaturating(label_smoothing=0.1),
        losses.Relativistic(),
        losses.Wasserstein(),
        Scaled(3.0),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_round_trip(loss):
    again = round_trip(loss)
    assert type(again) is type(loss)
    assert again is not loss
    assert again.get_config() == loss.get_config()


def test_callable_is_a_loss_on_pairs():
    loss = losses.get(squares)
    assert type(loss) is losses.FunctionLoss
    assert loss.pairs
    np.testing.assert_allclose(loss.discriminator(ones(), ones(3.0)), [[10.0], [10.0]])
    np.testing.assert_allclose(loss.generator(ones(), ones(3.0)), [[1.0], [1.0]])
    assert round_trip(loss).function is squares


def test_configuration_of_a_bare_function():
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(squares)))
    assert losses.get(config).function is squares


def test_configuration_of_a_keras_loss():
    config = keras.saving.serialize_keras_object(keras.losses.MeanSquaredError())
    with pytest.raises(TypeError, match="Invalid value for argument `loss`"):
        losses.get(config)


def test_subclass_needs_two_methods():
    loss = losses.get(Scaled(3.0))
    np.testing.assert_allclose(loss.discriminator(ones(), ones(2.0)), [[3.0], [3.0]])
    np.testing.assert_allclose(loss.generator(None, ones(2.0)), [[-6.0], [-6.0]])
    np.testing.assert_allclose(loss.probability(ones(0.0)), [[0.5], [0.5]])
    assert loss.on_logits
    assert not loss.pairs

    class Half(kerasgan.losses.AdversarialLoss):
        def generator(self, real_scores, fake_scores):
            return fake_scores

    with pytest.raises(TypeError, match=r"abstract.*discriminator"):
        Half()


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"`loss`.*Received: loss='nonsaturating'") as error:
        losses.get("nonsaturating")
    assert all(repr(name) in str(error.value) for name in NAMES)


@pytest.mark.parametrize(
    "identifier",
    [
        None,
        3,
        losses.Hinge,
        keras.losses.MeanSquaredError(),
        keras.layers.Dense(1),
        ["hinge"],
        {"no": "config"},
    ],
    ids=lambda identifier: type(identifier).__name__,
)
def test_what_is_no_loss(identifier):
    with pytest.raises(TypeError, match="Invalid value for argument `loss`"):
        losses.get(identifier)


def test_configuration_of_something_else():
    config = keras.saving.serialize_keras_object(keras.layers.Dense(1))
    with pytest.raises(TypeError, match="Invalid value for argument `loss`"):
        losses.get(config)


def test_function_loss_needs_a_function():
    with pytest.raises(TypeError, match=r"`function`.*Received: function=3"):
        losses.FunctionLoss(3)
