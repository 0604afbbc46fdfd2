from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from kerasgan.training.turn_log import TurnLog

_MODES = {"down": "min", "up": "max"}


def prepare_monitors(
    callbacks: Any, metrics: Iterable[keras.metrics.Metric], validates: bool
) -> None:
    """Tells callbacks which way the quantity that they monitor improves.

    Keras knows this for `"loss"` and for metrics that it compiled itself. A game has neither. A turn's loss
    is minimized, an accuracy is maximized, and a Keras metric knows its direction. A callback that adds
    quantities to the logs tells their directions in an attribute `directions`: a dictionary of names, with
    `"up"`, `"down"` or `""`. Other quantities, such as probabilities, are not good or bad in themselves. For
    them, Keras asks for a `mode`.

    Args:
        callbacks: Callbacks, or a `keras.callbacks.CallbackList`. A callback with a `monitor` and the mode
            `"auto"` gets the mode of the quantity that it monitors.
        metrics: The model's metrics.
        validates: Whether the model is evaluated after its epochs.

    Raises:
        ValueError: If a callback monitors `"loss"`, which a game does not have. Also if it monitors a
            quantity that only an evaluation logs, and there is no evaluation. And if a callback adds a
            quantity that is logged already.

    Example:

    >>> from kerasgan.core import TurnLog
    >>> stopping = keras.callbacks.EarlyStopping("generator_loss")
    >>> prepare_monitors([stopping], [TurnLog("generator", ["generator_loss"], 1)], validates=False)
    >>> stopping.mode
    'min'
    """
    in_training, in_evaluation = _modes(metrics)
    logged = dict(in_training)
    if validates:
        logged.update({f"val_{name}": mode for name, mode in in_evaluation.items()})
    listed = list(getattr(callbacks, "callbacks", callbacks))
    for callback in listed:
        for name, way in getattr(callback, "directions", {}).items():
            if name in logged:
                raise ValueError(
                    f"Invalid `directions` of `{type(callback).__name__}`. Expected names that nothing else "
                    f"has in the logs. Received: {name!r}"
                )
            logged[name] = in_training[name] = _MODES.get(way)
    for callback in listed:
        monitor, mode = (getattr(callback, name, None) for name in ("monitor", "mode"))
        if not isinstance(monitor, str) or mode is None:
            continue
        if mode == "auto" and logged.get(monitor) is not None:
            callback.mode = logged[monitor]
        # A checkpoint without `save_best_only` does not use its `monitor`.
        if not getattr(callback, "save_best_only", True):
            continue
        # Other names may come from the user's own callbacks.
        own = {"loss", *in_training, *in_evaluation}
        if monitor not in logged and monitor.removeprefix("val_") in own:
            hint = "" if validates else " (and more with `validation_data`)"
            raise ValueError(
                f"Invalid value for argument `monitor` of `{type(callback).__name__}`. Expected a quantity "
                f"that is logged{hint}: one of {sorted(logged)}. Received: monitor={monitor!r}"
            )


def _modes(
    metrics: Iterable[keras.metrics.Metric],
) -> tuple[dict[str, str | None], dict[str, str | None]]:
    """Returns the quantities that training and evaluation log, each with its mode if it has one."""
    in_training: dict[str, str | None] = {}
    in_evaluation: dict[str, str | None] = {}
    for metric in metrics:
        if isinstance(metric, TurnLog):
            for name in metric.quantities:
                in_training[name] = {f"{metric.name}_loss": "min", "accuracy": "max"}.get(name)
        elif hasattr(metric, "directions"):
            in_evaluation.update({name: _MODES[way] for name, way in metric.directions.items()})
        else:
            in_evaluation[metric.name] = _MODES.get(getattr(metric, "_direction", ""))
    return in_training, {**in_training, **in_evaluation}
