"""The state of callbacks: what they remember between epochs."""

from __future__ import annotations

import functools
import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasgan.training.state_values import decode, encode, forget_large, pack, unpack

logger = logging.getLogger(__name__)

# Attributes that Keras sets on a callback in each `fit`.
_GIVEN = {"_model", "params"}
# Attributes of `keras.callbacks.TensorBoard` that belong to the process: the profiler, and the time.
_OF_THE_PROCESS = {"_is_tracing", "_profiler_started", "_batch_start_time", "_epoch_start_time"}
# In the callbacks of these packages, what cannot be stored does not matter.
_KNOWN = {"keras", "kerasgan"}

Name = tuple[str, ...]


class CallbackState:
    """Saves and restores the state of callbacks: patience used up, the best value, logs and so on.

    Only what has changed since training began is state. The rest is how the user made the callback, and may
    be different in the next process. State is found in the attributes of the callback, of callbacks inside
    it, and of objects of the user's own classes. It consists of values that `state_values.encode` accepts. If
    an attribute with another kind of value changes, a warning says that it starts again.

    Make this object after all callbacks have begun. So what they do at their start is not state, and happens
    once in each process.

    Args:
        callbacks: The callbacks, always in the same order.

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
        self._at_first = []
        self._not_stored_at_first = []
        for callback in self.callbacks:
            values, others = _attributes(callback)
            forget_large(list(values.values()))
            self._at_first.append(values)
            self._not_stored_at_first.append({name: id(other) for name, other in others.items()})
        self._warned_of: set[tuple[int, Name]] = set()

    def capture(self) -> dict[str, np.ndarray]:
        """Returns the state as named arrays."""
        arrays: dict[str, np.ndarray] = {}
        states = []
        for number, (callback, before) in enumerate(
            zip(self.callbacks, self._at_first, strict=True)
        ):
            values, others = _attributes(callback)
            changed = {
                name: value
                for name, value in values.items()
                if name not in before or value != before[name]
            }
            self._warn_of_changes(number, others)
            states.append(
                {
                    "class": type(callback).__name__,
                    "state": [[name, pack(value, arrays)] for name, value in changed.items()],
                    "written": _written(callback),
                }
            )
        return {"callbacks": np.array(json.dumps(states)), **arrays}

    def restore(self, saved: dict[str, np.ndarray]) -> None:
        """Gives each callback its state back. A callback that is new in this run stays as it is."""
        matched = _matched(self.callbacks, saved)
        for callback, before, state in zip(self.callbacks, self._at_first, matched, strict=True):
            if state is None:
                continue
            now, _ = _attributes(callback)
            stored = {tuple(name): unpack(value, saved) for name, value in state["state"]}
            # Undone: attributes that have changed in this process, and had not changed in the last one.
            undone = {name: value for name, value in before.items() if now.get(name) != value}
            for name, value in {**undone, **stored}.items():
                _set(callback, name, value)

    def _warn_of_changes(self, number: int, others: dict[Name, Any]) -> None:
        callback = self.callbacks[number]
        if _package(callback) in _KNOWN:
            return
        before = self._not_stored_at_first[number]
        for name, value in others.items():
            if before.get(name) != id(value) and (number, name) not in self._warned_of:
                self._warned_of.add((number, name))
                logger.warning(
                    "A backup cannot hold `%s.%s`, of type %s: it begins anew where training is taken up. "
                    "Keep numbers, text, arrays, or lists and dictionaries of these in it.",
                    type(callback).__name__,
                    ".".join(name),
                    type(value).__name__,
                )


def continue_files(
    callbacks: Sequence[keras.callbacks.Callback], saved: dict[str, np.ndarray]
) -> None:
    """Lets callbacks continue a file that they would overwrite. Call this before they begin.

    This is for `keras.callbacks.CSVLogger`. Rows of epochs that will be trained again are cut off.
    """
    for callback, state in zip(callbacks, _matched(callbacks, saved), strict=True):
        if not isinstance(callback, keras.callbacks.CSVLogger) or state is None:
            continue
        path, length = Path(callback.filename), state["written"]
        if length and path.is_file() and path.stat().st_size >= length:
            os.truncate(path, length)
            _append_once(callback)


def _append_once(callback: Any) -> None:
    """Makes a `CSVLogger` append at its next start only. After that it is as the user made it."""
    begin, append = callback.on_train_begin, callback.append

    def on_train_begin(logs: Any = None) -> None:
        del callback.on_train_begin
        callback.append = True
        try:
            begin(logs)
        finally:
            callback.append = append

    callback.on_train_begin = on_train_begin


def _written(callback: keras.callbacks.Callback) -> int:
    """Returns the length of the file that a callback has written so far."""
    if isinstance(callback, keras.callbacks.CSVLogger) and Path(callback.filename).is_file():
        return Path(callback.filename).stat().st_size
    return 0


def _matched(
    callbacks: Sequence[keras.callbacks.Callback], saved: dict[str, np.ndarray]
) -> list[dict[str, Any] | None]:
    states = json.loads(str(saved["callbacks"]))
    matched: list[dict[str, Any] | None] = []
    for callback in callbacks:
        # Callbacks of one class are matched in order, even if callbacks of other classes came or went.
        found = [state for state in states if state["class"] == type(callback).__name__]
        matched.append(found[0] if found else None)
        if found:
            states.remove(found[0])
    return matched


def _attributes(callback: keras.callbacks.Callback) -> tuple[dict[Name, Any], dict[Name, Any]]:
    """Returns the values of a callback's attributes, and the attributes that cannot be stored."""
    values: dict[Name, Any] = {}
    others: dict[Name, Any] = {}
    package = _package(callback)
    seen = set()

    def walk(owner: Any, path: Name) -> None:
        seen.add(id(owner))
        for key, value in list(vars(owner).items()):
            name = (*path, key)
            if isinstance(owner, keras.callbacks.Callback) and key in _GIVEN:
                continue
            if isinstance(owner, keras.callbacks.TensorBoard) and key in _OF_THE_PROCESS:
                continue
            if _has_attributes(value, package):
                if id(value) not in seen:
                    walk(value, name)
                continue
            try:
                values[name] = encode(value, package)
            except TypeError:
                others[name] = value

    walk(callback, ())
    return values, others


def _has_attributes(value: Any, package: str) -> bool:
    """Tells whether the attributes of a value belong to a callback's state."""
    if isinstance(value, keras.callbacks.Callback):
        return True
    if isinstance(value, (type, keras.layers.Layer, keras.metrics.Metric)) or callable(value):
        return False
    # The helpers of known callbacks are made only once, and may hold large data.
    own = _package(value)
    is_helper = own not in _KNOWN and (own == package or _is_users(own))
    return is_helper and hasattr(value, "__dict__") and not isinstance(value, threading.Thread)


@functools.cache
def _is_users(package: str) -> bool:
    """Tells whether a package is the user's own: not part of Python, and not installed."""
    file = str(getattr(sys.modules.get(package), "__file__", None) or "")
    installed = any(part in ("site-packages", "dist-packages") for part in Path(file).parts)
    return package == "__main__" or bool(
        file and package not in sys.stdlib_module_names and not installed
    )


def _package(value: Any) -> str:
    return type(value).__module__.split(".")[0]


def _set(callback: keras.callbacks.Callback, name: Name, value: Any) -> None:
    owner: Any = callback
    for part in name[:-1]:
        owner = getattr(owner, part, None)
    if owner is None:
        return
    try:
        decoded = decode(value, getattr(owner, name[-1], None), _package(callback))
    except TypeError as error:
        logger.warning(
            "`%s.%s` begins anew, since a backup cannot give it back: %s.",
            type(callback).__name__,
            ".".join(name),
            error,
        )
        return
    setattr(owner, name[-1], decoded)
