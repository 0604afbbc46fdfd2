"""One `get` for every room of plug-ins: by name, by object, by configuration, by function."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import keras
import numpy as np

Kind = TypeVar("Kind")

# Of Keras's own functions a file may name these, which compute and change nothing else.
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
# Classes, layers and Keras losses can be called too, but with other arguments.
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
        identifier: An instance of `kind`; the name of one, made with its defaults; a function, where these
            are taken; or what `keras.saving.serialize_keras_object` made of an instance or a function. A
            class's own name does as well, as in Keras: `"R1"` is `"r1"`.
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
        given = deserialize(given)
    if isinstance(given, kind):
        return given
    if isinstance(given, str):
        names = {**{each.__name__: each for each in known.values()}, **known}
        if given in names:
            return names[given]()
    if from_function is not None and is_function(given):
        return from_function(given)
    function = "" if from_function is None else " or a function"
    message = (
        f"Invalid value for argument `{argument}`. Expected one of {sorted(known)}, an instance of "
        f"`{kind.__name__}`, its configuration{function}. Received: {argument}={identifier!r}"
    )
    raise ValueError(message) if isinstance(given, str) else TypeError(message)


def is_function(value: Any) -> bool:
    """Returns whether a value is one to call as a function: no class, no layer and no Keras loss."""
    return callable(value) and not isinstance(value, _UNCALLED)


def deserialize(config: Any) -> Any:
    """Makes the objects of a saved configuration, and lets none of Keras's functions through that act.

    A configuration may name any public function of Keras, and whoever asked for a function calls what came:
    `keras.config.set_epsilon` as `features` would set it. So a function that a file names has to be
    registered with Keras, or be one of `keras.ops`, `keras.random`, `keras.activations` or `keras.losses`.
    What is inside Keras's own layers, metrics and optimizers is made by Keras, and not looked at here.

    Args:
        config: What `keras.saving.serialize_keras_object` made, or a structure of such configurations.

    Returns:
        The object, or the structure of objects.

    Raises:
        ValueError: If a function or a class of Keras is named that is not one of these.

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

    Keras writes the functions of its own `keras.ops` and `keras.random` in a way that it cannot read, and
    others, such as those of `keras.losses`, by their name alone.
    """
    found = _harmless_name(function)
    if found is None or found[0] not in {each.__name__ for each in _WITH_MODULES}:
        return keras.saving.serialize_keras_object(function)
    module, name = found
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def deserialize_function(config: Any, argument: str) -> Callable[..., Any]:
    """Makes the function that a saved configuration names; as `deserialize`.

    Args:
        config: What `keras.saving.serialize_keras_object` made of a function.
        argument: The argument's name, for the error.

    Raises:
        ValueError: If the function is one of Keras's that may not be named.
        TypeError: If the configuration is that of something else.
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
    # An object of a class has no name. A lambda has come through Keras, which takes it from code in a file
    # only where the user allows that.
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
