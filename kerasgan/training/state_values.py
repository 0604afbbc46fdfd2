"""The values of objects, as JSON and arrays. No code is stored, and loading runs no code.

`encode` turns a value into numbers, text and lists of them. An `Array` stands for an array. A dictionary of
one entry stands for anything else, and its key says what. `pack` and `unpack` write and read this as JSON.
"""

from __future__ import annotations

import builtins
import collections
import enum
import hashlib
import math
import operator
import random
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath
from typing import Any

import keras
import numpy as np
from keras import ops

Arrays = dict[str, np.ndarray]

# Functions that compute and change nothing else. A file may name them.
_HARMLESS = (ops, operator, math, np, builtins)
_HARMLESS_BUILTINS = {"abs", "max", "min", "sum"}
_SEQUENCES: dict[str, type] = {"tuple": tuple, "set": set, "frozenset": frozenset}
# Larger arrays are compared only by their digest.
_KEPT_BYTES = 2**20


class Array:
    """An array that compares as a whole.

    Args:
        kind: The type of the value that the array stands for.
        value: The array. It is copied.
    """

    def __init__(self, kind: str, value: Any) -> None:
        self.kind = kind
        self.value: np.ndarray | None = np.array(value)
        header = f"{self.value.dtype} {self.value.shape} ".encode()
        self.digest = hashlib.blake2b(header + self.value.tobytes(), digest_size=16).digest()

    def forget(self) -> None:
        """Drops a large value. The object can still be compared."""
        if self.value is not None and self.value.nbytes > _KEPT_BYTES:
            self.value = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Array) and (self.kind, self.digest) == (other.kind, other.digest)

    __hash__ = None  # type: ignore[assignment]


def encode(value: Any, package: str) -> Any:
    """Turns a value into numbers, text, lists and arrays.

    Args:
        value: Numbers, text, arrays, tensors, paths, members of an `enum`, generators of random numbers,
            variables and metrics of Keras, functions that have a name, and lists, tuples, sets, queues and
            dictionaries of these.
        package: The name of a package. Functions of this package can be stored by name.

    Raises:
        TypeError: If the value is of another kind.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is list:
        # Logs are long lists of floats. As an array they are small and fast.
        if value and set(map(type, value)) == {float}:
            return Array("floats", value)
        return [encode(item, package) for item in value]
    if isinstance(value, dict):
        pairs = [[encode(key, package), encode(item, package)] for key, item in value.items()]
        return {"dict": pairs}
    if isinstance(value, collections.deque):
        return {"deque": [[encode(item, package) for item in value], value.maxlen]}
    if type(value) in _SEQUENCES.values():
        return {type(value).__name__: [encode(item, package) for item in value]}
    if isinstance(value, enum.Enum):
        return {"enum": value.name}
    if isinstance(value, PurePath):
        return {"path": str(value)}
    if isinstance(value, np.generic):
        return Array("scalar", value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return Array("array", value)
    if isinstance(value, (np.random.Generator, np.random.RandomState, random.Random)):
        return {"random": encode(_random_state(value), package)}
    variables = _variables(value)
    if variables is not None:
        return {"variables": [Array("array", ops.convert_to_numpy(each)) for each in variables]}
    if ops.is_tensor(value):
        return Array("tensor", ops.convert_to_numpy(value))
    name = _name_of(value, package)
    if name is not None:
        return {"function": name}
    raise TypeError(f"no state: {type(value).__name__}")


def decode(encoded: Any, current: Any, package: str) -> Any:
    """Returns the value that was encoded.

    Args:
        encoded: A result of `encode`.
        current: The value that is in this place now. Lists, dictionaries, generators of random numbers and
            variables are changed in place, because other objects may refer to them.
        package: As for `encode`.

    Raises:
        TypeError: If `current` cannot take the value.
    """
    if isinstance(encoded, Array):
        return _decoded_array(encoded)
    if isinstance(encoded, list):
        return _refilled(current, [decode(item, None, package) for item in encoded])
    if not isinstance(encoded, dict):
        return encoded
    ((kind, content),) = encoded.items()
    if kind == "dict":
        there = current if isinstance(current, dict) else {}
        pairs = [(decode(key, None, package), item) for key, item in content]
        items = {key: decode(item, there.get(key), package) for key, item in pairs}
        return _refilled(current, items)
    if kind == "deque":
        queue = [decode(item, None, package) for item in content[0]]
        return collections.deque(queue, content[1])
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](decode(item, None, package) for item in content)
    if kind == "path":
        return Path(content)
    if kind == "function":
        return _function_named(content, package)
    if kind == "enum" and isinstance(current, enum.Enum):
        return type(current)[content]
    if kind == "random" and _random_state(current) is not None:
        _set_random_state(current, decode(content, None, package))
        return current
    variables = _variables(current)
    if kind == "variables" and variables is not None and len(variables) == len(content):
        for variable, value in zip(variables, content, strict=True):
            variable.assign(value.value)
        return current
    raise TypeError(f"{type(current).__name__} takes no {kind}")


def pack(encoded: Any, arrays: Arrays) -> Any:
    """Returns a result of `encode` as JSON, and puts its arrays into `arrays`."""
    if isinstance(encoded, Array):
        if encoded.value is None:
            raise TypeError("the array was let go of")
        name = f"state.{len(arrays)}"
        arrays[name] = encoded.value
        return {"array": [encoded.kind, name]}
    if isinstance(encoded, list):
        return [pack(item, arrays) for item in encoded]
    if isinstance(encoded, dict):
        return {key: pack(item, arrays) for key, item in encoded.items()}
    return encoded


def unpack(packed: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Reverses `pack`."""
    if isinstance(packed, list):
        return [unpack(item, arrays) for item in packed]
    if isinstance(packed, dict):
        if set(packed) == {"array"}:
            kind, name = packed["array"]
            return Array(kind, arrays[name])
        return {key: unpack(item, arrays) for key, item in packed.items()}
    return packed


def forget_large(encoded: Any) -> None:
    """Drops large arrays. They can still be compared."""
    if isinstance(encoded, Array):
        encoded.forget()
    elif isinstance(encoded, (list, dict)):
        for part in encoded.values() if isinstance(encoded, dict) else encoded:
            forget_large(part)


def global_random_state() -> Any:
    """Returns the state of the random numbers of NumPy's functions and of Python's `random`."""
    return [encode(np.random.get_state(), ""), encode(random.getstate(), "")]


def set_global_random_state(state: Any) -> None:
    """Sets the state of these random numbers to a result of `global_random_state`."""
    numpy_state, python_state = (decode(each, None, "") for each in state)
    np.random.set_state(numpy_state)
    random.setstate(python_state)


def _refilled(current: Any, items: Any) -> Any:
    if type(current) is list and isinstance(items, list):
        current[:] = items
        return current
    if isinstance(current, dict) and isinstance(items, dict):
        current.clear()
        current.update(items)
        return current
    return items


def _decoded_array(array: Array) -> Any:
    if array.value is None:
        raise TypeError("the array was let go of")
    value = np.array(array.value)
    if array.kind == "floats":
        return value.tolist()
    if array.kind == "scalar":
        return value[()]
    return ops.convert_to_tensor(value) if array.kind == "tensor" else value


def _random_state(value: Any) -> Any:
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    if isinstance(value, np.random.RandomState):
        return value.get_state()
    return value.getstate() if isinstance(value, random.Random) else None


def _set_random_state(value: Any, state: Any) -> None:
    if isinstance(value, np.random.Generator):
        value.bit_generator.state = state
    elif isinstance(value, np.random.RandomState):
        value.set_state(state)
    else:
        value.setstate(state)


def _variables(value: Any) -> list[Any] | None:
    if isinstance(value, keras.Variable):
        return [value]
    if isinstance(value, keras.random.SeedGenerator):
        return [value.state]
    return list(value.variables) if isinstance(value, keras.metrics.Metric) else None


def _name_of(function: Any, package: str) -> str | None:
    name = getattr(function, "__qualname__", getattr(function, "__name__", None))
    if not callable(function) or isinstance(function, type) or not isinstance(name, str):
        return None
    modules = [each.__name__ for each in _HARMLESS] + [str(getattr(function, "__module__", ""))]
    for module in modules:
        full = f"{module}:{name}"
        try:
            if _function_named(full, package) is function:
                return full
        except TypeError:
            continue
    return None


def _function_named(full: str, package: str) -> Callable[..., Any]:
    """Returns a harmless function, or one of the package, by its name."""
    module, _, name = full.partition(":")
    found: Any = sys.modules.get(module)
    harmless = found in _HARMLESS
    if not harmless and module.split(".")[0] != package:
        raise TypeError(f"no function that may be named: {full}")
    for part in name.split("."):
        found = getattr(found, part, None)
    if harmless and (
        (module == "numpy" and not isinstance(found, np.ufunc))
        or (module == "builtins" and name not in _HARMLESS_BUILTINS)
    ):
        found = None
    if not callable(found) or isinstance(found, type):
        raise TypeError(f"no function that may be named: {full}")
    return found
