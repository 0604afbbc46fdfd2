"""Plug-ins by name, object, configuration and function, and what a file may name."""

import keras
import numpy as np
import pytest

from kerasgan.registry import (
    decode_weights,
    deserialize,
    deserialize_function,
    encode_weights,
    is_function,
    lookup,
    per_example_loss,
    serialize_function,
)


class Plug:
    """A kind of plug-in."""


class Special(Plug):
    """One of them."""


def found(identifier, **options):
    return lookup(identifier, Plug, {"special": Special}, "plug", **options)


@pytest.mark.parametrize("name", ["special", "Special"])
def test_a_name_makes_an_object(name):
    assert isinstance(found(name), Special)


def test_an_object_is_itself():
    plug = Special()
    assert found(plug) is plug


def test_a_function_is_taken_where_functions_are():
    assert found(abs, from_function=lambda function: (function,)) == (abs,)
    with pytest.raises(TypeError, match="`plug`"):
        found(abs)


def test_what_is_unknown_is_refused_with_what_there_is():
    with pytest.raises(
        ValueError, match=r"one of \['special'\], an instance of `Plug`, or its configuration. R"
    ):
        found("usual")
    with pytest.raises(TypeError, match="or a function. Received: plug=3"):
        found(3, from_function=lambda function: function)
    with pytest.raises(TypeError, match=r"Call the class: `Special\(...\)`$"):
        found(Special)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(abs, True), (Special, False), (keras.layers.ReLU(), False), (3, False)],
)
def test_which_values_are_functions(value, expected):
    assert is_function(value) is expected


@pytest.mark.parametrize(
    "function", [keras.ops.softmax, keras.random.truncated_normal, keras.losses.mean_squared_error]
)
def test_functions_of_keras_are_written_and_read(function):
    assert deserialize_function(serialize_function(function), "features") is function


def test_a_file_may_not_name_a_function_that_acts():
    config = {"module": "keras.config", "class_name": "function", "config": "set_epsilon"}
    with pytest.raises(ValueError, match="Invalid function in a saved configuration"):
        deserialize(config)


def test_a_file_that_names_no_function_is_refused():
    config = keras.saving.serialize_keras_object(keras.layers.ReLU())
    with pytest.raises(TypeError, match="`features`. Expected the configuration of a function"):
        deserialize_function(config, "features")


def test_a_loss_is_not_averaged():
    loss = per_example_loss(keras.losses.MeanSquaredError())
    values = loss(np.zeros((2, 3)), np.array([[1.0] * 3, [2.0] * 3]))
    np.testing.assert_allclose(values, [1.0, 4.0])
    with pytest.raises(ValueError, match="Expected a Keras loss"):
        per_example_loss("no_loss")


def test_weights_are_written_as_text_and_read():
    one, other = (keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]) for _ in range(2))
    decode_weights(other, encode_weights(one))
    for first, second in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)
