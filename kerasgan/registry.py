"""One `get` for every room of plug-ins: by name, by object, by configuration, by function."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import keras
import numpy as np

Kind = TypeVar("Kind")


def lookup(
    identifier: Any,
    kind: type[Kind],
    known: Mapping[str, type[Kind]],
    argument: str,
    from_function: Callable[[Any], Kind] | None = None,
) -> Kind:
    """Turns a name, a configuration, an object or a function into an object of one kind.

    Args:
        identifier: An instance of `kind`; the name of one, made with its defaults; a function, where these
            are taken; or what `keras.saving.serialize_keras_object` made of an instance or a function.
        kind: The class that the result must be an instance of.
        known: The classes that go by a name.
        argument: The argument's name, for the error.
        from_function: Makes an object of a function. Defaults to `None`, no functions are taken.

    Returns:
        The object.

    Raises:
        ValueError: If a name is not one of the known ones.
        TypeError: If `identifier` is something else altogether.
    """
    given = identifier
    if isinstance(given, dict):
        given = keras.saving.deserialize_keras_object(given)
    if isinstance(given, kind):
        return given
    if isinstance(given, str) and given in known:
        return known[given]()
    # Classes, layers and Keras losses can be called too, but with other arguments.
    uncalled = (type, keras.layers.Layer, keras.losses.Loss)
    if from_function is not None and callable(given) and not isinstance(given, uncalled):
        return from_function(given)
    function = "" if from_function is None else " or a function"
    message = (
        f"Invalid value for argument `{argument}`. Expected one of {sorted(known)}, a `{kind.__name__}`, "
        f"its configuration{function}. Received: {argument}={identifier!r}"
    )
    raise ValueError(message) if isinstance(given, str) else TypeError(message)


def per_example_loss(loss: Any, argument: str = "loss") -> Callable[[Any, Any], Any]:
    """Returns a Keras loss as a function that leaves averaging over the batch to the core.

    Args:
        loss: The name of a Keras loss, a `keras.losses.Loss`, or a callable of `(x, reconstruction)`.
        argument: The argument's name, for the error.

    Raises:
        ValueError: If the name is unknown.
        TypeError: If it is none of these.
    """
    expected = (
        f"Invalid value for argument `{argument}`. Expected a Keras loss, the name of one, or a callable. "
        f"Received: {argument}={loss!r}"
    )
    try:
        found = keras.losses.get(loss)
    except ValueError as error:
        raise ValueError(expected) from error
    if not callable(found):
        raise TypeError(expected)
    # A Loss object would average by itself, over a replica's share of the batch.
    return found.call if isinstance(found, keras.losses.Loss) else found


def encode_weights(model: keras.Model) -> list[str]:
    """Returns a model's weights as text, for the configuration of what holds the model for good."""
    return [base64.b64encode(value.tobytes()).decode("ascii") for value in model.get_weights()]


def decode_weights(model: keras.Model, weights: list[str]) -> None:
    """Gives a model the weights that `encode_weights` wrote."""
    model.set_weights(
        [
            np.frombuffer(base64.b64decode(text), value.dtype).reshape(value.shape)
            for text, value in zip(weights, model.get_weights(), strict=True)
        ]
    )
