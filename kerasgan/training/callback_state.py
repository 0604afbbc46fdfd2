"""What callbacks remember between epochs, as arrays and JSON: no code is stored, none is run on loading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

# What Keras gives a callback anew for each `fit`.
_GIVEN = {"_model", "params"}


class CallbackState:
    """Follows what callbacks count and keep while they train: patience used up, the best value, logs.

    Only what has changed since training began is state; the rest is how the user made the callback, and
    may be another in the next process. What is neither numbers, text nor arrays is left alone.

    Args:
        callbacks: The callbacks to follow, always in the same order.

    Example:

    >>> stopping = keras.callbacks.EarlyStopping("val_generator_loss", patience=5)
    >>> state = CallbackState([stopping])
    >>> stopping.wait = 3
    >>> saved = state.capture()
    >>> stopping.wait = 0
    >>> state.restore(saved)
    >>> stopping.wait
    3
    """

    def __init__(self, callbacks: Sequence[keras.callbacks.Callback]) -> None:
        self.callbacks = list(callbacks)
        self._at_first = [_encoded(callback) for callback in self.callbacks]

    def capture(self) -> dict[str, np.ndarray]:
        """Returns the state as named arrays."""
        arrays: dict[str, np.ndarray] = {}
        states = []
        for callback, before in zip(self.callbacks, self._at_first, strict=True):
            changed = {
                name: value
                for name, value in _encoded(callback).items()
                if name not in before or value != before[name]
            }
            states.append({"class": type(callback).__name__, "state": _stored(changed, arrays)})
        return {"callbacks": np.array(json.dumps(states)), **arrays}

    def restore(self, saved: dict[str, np.ndarray]) -> None:
        """Gives each callback its state back; one that was not there before starts anew."""
        states = json.loads(str(saved["callbacks"]))
        for callback in self.callbacks:
            # The first of a class is the first of that class again, whoever else has come or gone.
            found = [state for state in states if state["class"] == type(callback).__name__]
            if found:
                states.remove(found[0])
                for name, value in found[0]["state"].items():
                    setattr(callback, name, _decoded(value, saved))


def _encoded(callback: keras.callbacks.Callback) -> dict[str, Any]:
    values = {}
    for name, value in vars(callback).items():
        if name not in _GIVEN:
            try:
                values[name] = _encode(value)
            except TypeError:
                continue
    return values


class _Array:
    """An array that compares as a whole."""

    def __init__(self, kind: str, value: Any) -> None:
        self.kind = kind
        self.value = np.array(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Array) and np.array_equal(self.value, other.value)

    __hash__ = None  # type: ignore[assignment]


def _encode(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) and value.dtype != object:
        return _Array("array", value)
    if isinstance(value, list):
        # Logs are long lists of floats, which are small and quick as an array.
        if value and set(map(type, value)) == {float}:
            return _Array("floats", value)
        return [_encode(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {"items": {key: _encode(item) for key, item in value.items()}}
    raise TypeError(f"no state: {type(value).__name__}")


def _stored(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, _Array):
        name = f"callback_array.{len(arrays)}"
        arrays[name] = value.value
        return {value.kind: name}
    if isinstance(value, list):
        return [_stored(item, arrays) for item in value]
    if isinstance(value, dict):
        return {key: _stored(item, arrays) for key, item in value.items()}
    return value


def _decoded(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_decoded(item, arrays) for item in value]
    if isinstance(value, dict):
        (kind, content), *_ = value.items()
        if kind == "items":
            return {key: _decoded(item, arrays) for key, item in content.items()}
        array = np.array(arrays[content])
        return array.tolist() if kind == "floats" else array
    return value
