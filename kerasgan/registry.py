"""One `get` for every room of plug-ins: by name, by object, by configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import keras

Kind = TypeVar("Kind")


def lookup(
    identifier: Any, kind: type[Kind], known: Mapping[str, type[Kind]], argument: str
) -> Kind | None:
    """Turns a name, a configuration or an object into an object of one kind.

    Args:
        identifier: An instance of `kind`; the name of one, made with its defaults; or what
            `keras.saving.serialize_keras_object` made of one.
        kind: The class that the result must be an instance of.
        known: The classes that go by a name.
        argument: The argument's name, for the error.

    Returns:
        The object; `None` where `identifier` is something else altogether, for the caller to judge.

    Raises:
        ValueError: If a name is not one of the known ones.
    """
    if isinstance(identifier, kind):
        return identifier
    if isinstance(identifier, str):
        if identifier not in known:
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected one of {sorted(known)}. "
                f"Received: {argument}={identifier!r}"
            )
        return known[identifier]()
    if isinstance(identifier, dict):
        return lookup(keras.saving.deserialize_keras_object(identifier), kind, known, argument)
    return None
