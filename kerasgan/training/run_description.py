"""Describes a training run as JSON, to notice that a script has changed since its last backup."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from kerasgan.datasets.description import describe_data
from kerasgan.datasets.normalization import Normalization

# These change how fast a game is trained, but not which game it is.
_FOR_SPEED = ("jit_compile", "run_eagerly", "steps_per_execution")
_OF_ORDER = (
    "batch_size",
    "shuffle",
    "steps_per_epoch",
    "validation_batch_size",
    "validation_freq",
    "validation_split",
    "validation_steps",
)
# What a function of the user's is made of depends on the lines it is in.
_CODE = "__lambda__"
_MOST_SHOWN = 6


def describe(value: Any) -> Any:
    """Describes Keras objects, and structures of them, as JSON.

    An object without a configuration is described only by its class. Names are replaced by numbers, because
    Keras counts names up when a process makes a second model.

    Example:

    >>> describe(keras.optimizers.SGD(0.5))["learning_rate"]
    0.5
    """
    return _without_names(_described(value))


def describe_model(model: keras.Model) -> Any:
    """Describes a model by its configuration, or by its class if it has none."""
    try:
        config = dict(model.get_config())
        if isinstance(getattr(model, "normalization", None), Normalization):
            # The normalization is for drawing samples. It does not change training.
            config.pop("normalization", None)
        return describe({"class": type(model).__qualname__, **config})
    except Exception:  # noqa: BLE001  # Whatever a user's `get_config` raises, it is no use here.
        return {"class": type(model).__qualname__}


def describe_compilation(
    optimizers: Mapping[str, keras.optimizers.Optimizer], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Describes the optimizers and the arguments of `compile`.

    Args:
        optimizers: The optimizer of each turn.
        given: The arguments of `compile`.
    """
    rest = {
        name: value
        for name, value in given.items()
        if name not in _FOR_SPEED and not name.endswith("_optimizer")
    }
    return {"optimizers": describe(dict(optimizers)), "compile": describe(rest)}


def describe_fit(
    x: Any, y: Any, validation_data: Any, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Describes the arguments of `fit`.

    Args:
        x: The data, as in `fit`.
        y: As in `fit`.
        validation_data: As in `fit`.
        arguments: The other arguments of `fit`. Only those that change the order of data are described.
    """
    order = {name: arguments[name] for name in _OF_ORDER if arguments.get(name) is not None}
    data = {"x": x, "y": y, "validation_data": validation_data}
    return {**{name: describe_data(each) for name, each in data.items()}, "fit": _described(order)}


def differences(before: Any, now: Any) -> list[str]:
    """Lists the differences of two descriptions, as sentences.

    Example:

    >>> differences({"a": {"rate": 0.1}, "b": [1]}, {"a": {"rate": 0.2}, "b": [1, 2]})
    ['a.rate was 0.1, is 0.2', 'b.1 was absent, is 2']
    """
    return [
        f"{'.'.join(path)} was {_shown(old)}, is {_shown(new)}"
        for path, old, new in _different(before, now, ())
    ]


def summed_up(sentences: list[str]) -> str:
    """Joins sentences to a line. If there are many, the last ones are left out."""
    more = len(sentences) - _MOST_SHOWN
    shown = sentences[:_MOST_SHOWN] + ([f"and {more} more"] if more > 0 else [])
    return "; ".join(shown)


class _Absent:
    pass


def _different(
    before: Any, now: Any, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(before, list) and isinstance(now, list):
        before, now = ({str(i): each for i, each in enumerate(part)} for part in (before, now))
    if isinstance(before, dict) and isinstance(now, dict):
        if before.get("class") != now.get("class"):
            # A different class has different arguments.
            yield path, before.get("class"), now.get("class")
            return
        for key in [*before, *(key for key in now if key not in before)]:
            old, new = before.get(key, _Absent), now.get(key, _Absent)
            yield from _different(old, new, (*path, str(key)))
    elif before != now:
        yield path, before, now


def _shown(value: Any) -> str:
    if value is _Absent:
        return "absent"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, dict):
        return str(value.get("class", "another"))
    return str(value)


def _described(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        # Weights in a configuration would be too long.
        return value if len(value) <= 200 else f"{zlib.crc32(value.encode()):08x}"
    if isinstance(value, Mapping):
        return {str(key): _described(each) for key, each in _plain(dict(value)).items()}
    if isinstance(value, (list, tuple)):
        return [_described(each) for each in value]
    try:
        config = keras.saving.serialize_keras_object(value)
        return _described(json.loads(json.dumps(config)))
    except Exception:  # noqa: BLE001  # Whatever a user's `get_config` raises, it is no use here.
        return {"class": getattr(value, "__qualname__", type(value).__qualname__)}


def _plain(config: Any) -> Any:
    """Returns an object's configuration without the entries with which Keras finds its class."""
    if isinstance(config, list):
        return [_plain(each) for each in config]
    if not isinstance(config, dict):
        return config
    name, inner = config.get("class_name"), config.get("config")
    if not isinstance(name, str) or "config" not in config:
        return {key: _plain(each) for key, each in config.items()}
    if name == _CODE:
        return {"class": "a lambda"}
    more = {key: config[key] for key in ("inbound_nodes",) if key in config}
    own = inner if isinstance(inner, dict) else {"config": inner}
    return {"class": name, **{key: _plain(each) for key, each in {**own, **more}.items()}}


def _without_names(described: Any) -> Any:
    names: dict[str, str] = {}

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            name = value.get("name")
            if isinstance(name, str):
                names.setdefault(name, f"#{len(names)}")
        if isinstance(value, (dict, list)):
            for each in value.values() if isinstance(value, dict) else value:
                collect(each)

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: replaced(each) for key, each in value.items()}
        if isinstance(value, list):
            return [replaced(each) for each in value]
        return names.get(value, value) if isinstance(value, str) else value

    collect(described)
    return replaced(described)
