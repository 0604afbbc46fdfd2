"""The common part of every `get`: from a name, a configuration, an object or a function to an object."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import keras
import numpy as np

Kind = TypeVar("Kind")

# A file may name Keras's functions of these modules: they compute, and change nothing else.
_WITH_MODULES = (
    keras.ops,
    keras.ops.image,
    keras.ops.linalg,
    keras.ops.nn,
    keras.ops.numpy,
    keras.random,
)
_HARMLESS = (*_WITH_MODULES, keras.activations, keras.losses)
_NOT_HARMLESS = {"get", "serialize", "deserialize"}
# Classes, layers and Keras losses can be called too, but with different arguments.
_UNCALLED = (type, keras.layers.Layer, keras.losses.Loss)


def lookup(
    identifier: Any,
    kind: type[Kind],
    known: Mapping[str, type[Kind]],
    argument: str,
    from_function: Callable[[Any], Kind] | None = None,
) -> Kind:
    """Turns a name, a configuration, an object or a function into an object of one kind.

    Args:
        identifier: One of these: an instance of `kind`; a name, for an instance with default arguments; a
            function, if `from_function` is given; or what `keras.saving.serialize_keras_object` returned for
            an instance or a function. As in Keras, the name of a class works too: `"R1"` is `"r1"`.
        kind: The class that the result must be an instance of.
        known: The classes, by name.
        argument: The argument's name, for the error.
        from_function: Makes an object from a function. Defaults to `None`: functions are not accepted.

    Returns:
        The object.

    Raises:
        ValueError: If a name is not one of the known ones.
        TypeError: If `identifier` is of another kind.
    """
    given = identifier
    if isinstance(given, dict):
        given = deserialize(given)
    if isinstance(given, kind):
        return given
    if isinstance(given, str):
        names = {**{each.__name__: each for each in known.values()}, **known}
        if given in names:
            return names[given]()
    if from_function is not None and is_function(given):
        return from_function(given)
    last = "or its configuration" if from_function is None else "its configuration, or a function"
    call = ""
    if isinstance(given, type) and issubclass(given, kind):
        call = f". Call the class: `{given.__name__}(...)`"
    message = (
        f"Invalid value for argument `{argument}`. Expected one of {sorted(known)}, an instance of "
        f"`{kind.__name__}`, {last}. Received: {argument}={identifier!r}{call}"
    )
    raise ValueError(message) if isinstance(given, str) else TypeError(message)


def is_function(value: Any) -> bool:
    """Tells whether a value is a function: it can be called, and is no class, layer or Keras loss."""
    return callable(value) and not isinstance(value, _UNCALLED)


def deserialize(config: Any) -> Any:
    """Makes the objects of a saved configuration. Functions of Keras with side effects are refused.

    A configuration can name any public function of Keras, and the model then calls it. With
    `keras.config.set_epsilon` as `features`, for example, it would set epsilon. So a function that a file
    names must be registered with Keras, or be in `keras.ops`, `keras.random`, `keras.activations` or
    `keras.losses`. Keras makes what is inside its own layers, metrics and optimizers. That is not checked
    here.

    Args:
        config: A result of `keras.saving.serialize_keras_object`, or a structure of such configurations.

    Returns:
        The object, or the structure of objects.

    Raises:
        ValueError: If the configuration names another function or class of Keras.

    Example:

    >>> deserialize({"module": "keras.ops", "class_name": "function", "config": "abs"}).__name__
    'abs'
    >>> deserialize({"module": "keras.config", "class_name": "function", "config": "set_epsilon"})
    Traceback (most recent call last):
    ...
    ValueError: Invalid function in a saved configuration. Expected ...
    """
    made = keras.saving.deserialize_keras_object(config)
    for each in keras.tree.flatten(made):
        _check_harmless(each)
    return made


def serialize_function(function: Callable[..., Any]) -> dict[str, Any]:
    """Returns the configuration of a function, for `deserialize_function`.

    Keras writes functions of `keras.ops` and `keras.random` in a way that it cannot read itself. Of others,
    such as those of `keras.losses`, it writes only the name.
    """
    found = _harmless_name(function)
    if found is None or found[0] not in {each.__name__ for each in _WITH_MODULES}:
        return keras.saving.serialize_keras_object(function)
    module, name = found
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def deserialize_function(config: Any, argument: str) -> Callable[..., Any]:
    """Makes the function that a saved configuration names, like `deserialize`.

    Args:
        config: What `keras.saving.serialize_keras_object` made of a function.
        argument: The argument's name, for the error.

    Raises:
        ValueError: If the function is one of Keras that a file may not name.
        TypeError: If the configuration is not that of a function.
    """
    function = deserialize(config)
    if not is_function(function):
        raise TypeError(
            f"Invalid value for argument `{argument}`. Expected the configuration of a function. "
            f"Received: {argument}={config!r}"
        )
    return function


def _harmless_name(function: Any) -> tuple[str, str] | None:
    for namespace in () if isinstance(function, type) else _HARMLESS:
        for name, each in vars(namespace).items():
            if each is function and name not in _NOT_HARMLESS:
                return namespace.__name__, name
    return None


def _check_harmless(value: Any) -> None:
    name = getattr(value, "__name__", None)
    # An object of a class has no name. A lambda comes from Keras, which reads it from a file only if the user
    # allows that.
    if not callable(value) or not isinstance(name, str) or name == "<lambda>":
        return
    module = str(getattr(value, "__module__", ""))
    if module.split(".")[0] != "keras":
        return
    if _harmless_name(value) is not None:
        return
    raise ValueError(
        "Invalid function in a saved configuration. Expected one that is registered with "
        "`keras.saving.register_keras_serializable`, or one of `keras.ops`, `keras.random`, "
        f"`keras.activations` or `keras.losses`. Received: {module}.{name}"
    )


def per_example_loss(loss: Any, argument: str = "loss") -> Callable[[Any, Any], Any]:
    """Returns a Keras loss as a function that does not average over the batch. The core averages.

    Args:
        loss: The name of a Keras loss, a `keras.losses.Loss`, or a callable of `(x, reconstruction)`.
        argument: The argument's name, for the error.

    Raises:
        ValueError: If the name is unknown.
        TypeError: If `loss` is none of these.
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
    # A Loss object would average by itself, but only over one replica's share of the batch.
    return found.call if isinstance(found, keras.losses.Loss) else found


def encode_weights(model: keras.Model) -> list[str]:
    """Returns a model's weights as text, for the configuration of an object that contains the model."""
    return [base64.b64encode(value.tobytes()).decode("ascii") for value in model.get_weights()]


def decode_weights(model: keras.Model, weights: list[str]) -> None:
    """Gives a model the weights that `encode_weights` wrote."""
    model.set_weights(
        [
            np.frombuffer(base64.b64decode(text), value.dtype).reshape(value.shape)
            for text, value in zip(weights, model.get_weights(), strict=True)
        ]
    )
