from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasgan.training.finite_watch import FiniteWatch
from kerasgan.training.run_keeper import RunKeeper
from kerasgan.training.trainable_watch import TrainableWatch

_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")


def listens_to_batches(callback: keras.callbacks.Callback) -> bool:
    """Tells whether a callback does something at single batches of training.

    A callback can answer this itself with an attribute `listens_to_batches`. Use `False` for a callback that
    reads every update with `updates_since`: it misses none when several steps are played at once.

    Args:
        callback: The callback.

    Example:

    >>> listens_to_batches(keras.callbacks.EarlyStopping())
    False
    >>> listens_to_batches(keras.callbacks.TerminateOnNaN())
    True
    """
    said = getattr(callback, "listens_to_batches", None)
    return _has_hooks(callback) if said is None else bool(said)


def _has_hooks(callback: keras.callbacks.Callback) -> bool:
    hooks = [hook for hook in _HOOKS if _is_own(callback, hook)]
    # The batch hooks of Keras's checkpoints and TensorBoard do nothing before an epoch ends.
    waits = "epoch" in (getattr(callback, name, None) for name in ("save_freq", "update_freq"))
    return any(not (waits and _is_of_keras(getattr(callback, hook))) for hook in hooks)


def _is_own(callback: Any, hook: str) -> bool:
    method = getattr(callback, hook)
    return getattr(method, "__func__", method) is not getattr(keras.callbacks.Callback, hook)


def _is_of_keras(method: Any) -> bool:
    return getattr(method, "__module__", "").startswith("keras.")


class ProgressBar(keras.callbacks.ProgbarLogger):
    """Keras's progress bar, which looks at the logs only when it draws."""

    reads_logs = False
    seconds = 0.1

    def __init__(self) -> None:
        super().__init__()
        self._due = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Draws the bar if it is time."""
        if self.verbose == 1 and time.monotonic() >= self._due:
            super().on_train_batch_end(batch, _numbers(logs))
            self._due = time.monotonic() + self.seconds
        self.seen = batch + 1


class Listeners(keras.callbacks.CallbackList):
    """Keras's list of callbacks. It reads the logs of a batch only for callbacks that need them.

    Keras converts all logs at every batch, and the host waits until the device is done. If no callback reads
    the logs, the host does not wait. So the device gets its next work before it has finished the present one.
    A callback with an attribute `reads_logs = False` gets the logs as tensors.

    Args:
        callbacks: The callbacks, in order.
        verbose: As in `fit`.
        **arguments: `model`, `epochs` and `steps`, as in `keras.callbacks.CallbackList`.
    """

    def __init__(
        self,
        callbacks: Sequence[keras.callbacks.Callback],
        verbose: str | int,
        **arguments: Any,
    ) -> None:
        bar = [ProgressBar()] if verbose else []
        super().__init__([*callbacks, *bar], add_history=True, verbose=verbose, **arguments)
        # Keepers come last: they save what all others have done, including Keras's history.
        self.callbacks.sort(key=lambda callback: isinstance(callback, RunKeeper))

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Calls the callbacks that do something at the end of a batch."""
        self._call("on_train_batch_end", ("on_train_batch_end", "on_batch_end"), batch, logs)

    def on_test_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Calls the callbacks that do something at the end of an evaluation's batch."""
        self._call("on_test_batch_end", ("on_test_batch_end",), batch, logs)

    def _call(
        self, hook: str, names: Sequence[str], batch: int, logs: dict[str, Any] | None
    ) -> None:
        numbers: dict[str, float] | None = None
        for callback in self.callbacks:
            if not any(_is_own(callback, name) for name in names):
                continue
            if not getattr(callback, "reads_logs", True):
                getattr(callback, hook)(batch, logs)
                continue
            if numbers is None:
                numbers = _numbers(logs)
            getattr(callback, hook)(batch, numbers)


def _numbers(logs: Mapping[str, Any] | None) -> dict[str, float]:
    return {name: float(value) for name, value in sorted((logs or {}).items())}


def check_callbacks(callbacks: Any) -> None:
    """Raises a `ValueError` if a callback cannot do its work on a game.

    Args:
        callbacks: The argument of `fit`, `evaluate` or `predict`: callbacks, or a
            `keras.callbacks.CallbackList`.
    """
    for callback in keras.tree.flatten(getattr(callbacks, "callbacks", callbacks) or []):
        # It looks for averages in one optimizer. A game has several, and keeps its averages itself.
        if isinstance(callback, keras.callbacks.SwapEMAWeights):
            raise ValueError(
                "Invalid value for argument `callbacks`. Expected no `SwapEMAWeights`, because a game keeps "
                "averaged weights itself. Use `compile(generator_ema=0.999)`: generated samples, evaluations "
                f"and exports then use the average. Received: {type(callback).__name__}"
            )


def in_order(
    callbacks: Any, order: keras.callbacks.Callback, model: keras.Model
) -> tuple[Any, list[RunKeeper]]:
    """Puts callbacks that prepare and watch an epoch first, then the user's, then keepers of the run.

    Of the user's callbacks, those that add to the logs come first (see `prepare_monitors`). So all others can
    read what they add.

    Args:
        callbacks: The argument of `fit`: callbacks, or a `keras.callbacks.CallbackList`.
        order: The order of the run's data.
        model: The model.

    Returns:
        `(callbacks, keepers)`: a list or the user's own `CallbackList`, and the keepers in it.
    """
    is_list = isinstance(callbacks, keras.callbacks.CallbackList)
    given = callbacks.callbacks if is_list else keras.tree.flatten(callbacks or [])
    keepers = [callback for callback in given if isinstance(callback, RunKeeper)]
    others = [callback for callback in given if not isinstance(callback, RunKeeper)]
    # A callback that explains values that are not finite must see them before they end training.
    early = [callback for callback in others if getattr(callback, "sees_non_finite", False)]
    late = [callback for callback in others if callback not in early]
    # Those that add to the logs first; the order is otherwise the user's.
    late.sort(key=lambda callback: not hasattr(callback, "directions"))
    ordered = [order, TrainableWatch(), *early, FiniteWatch(), *late, *keepers]
    if is_list:
        callbacks.callbacks = ordered
        # Keras calls some lists from other threads. A backup cannot wait for these.
        callbacks._async_train = callbacks._async_test = False
        callbacks.set_model(model)
        return callbacks, keepers
    return ordered, keepers
