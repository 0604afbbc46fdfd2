from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import counted
from kerasgan.backend import compiled
from kerasgan.training.turn_log import TurnLog

_ADVICE = (
    "Look for NaN and for labels without a class in the data. Or lower the learning rates, or add a "
    "penalty."
)


class FiniteWatch(keras.callbacks.Callback):
    """Ends training at values that are not finite, before a checkpoint can hold them.

    Every turn notes its first such value on the device. To read the notes, the host must wait for the device.
    So they are read once a second, at the end of each epoch, and before anything is saved. At the end of an
    epoch the weights are checked too. A ReLU returns 0 for NaN, so the weights can be NaN while the loss is
    finite.

    This callback comes before the user's callbacks.
    """

    reads_logs = False
    listens_to_batches = False
    seconds = 1.0

    def __init__(self) -> None:
        super().__init__()
        self._due = 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forgets the notes of an earlier run."""
        for log in turn_logs(self.model):
            log.forget_not_finite()
        self._due = time.monotonic() + self.seconds

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Reads the notes if it is time.

        Raises:
            FloatingPointError: Naming the turn, the term and the update.
        """
        if time.monotonic() >= self._due:
            check_training(self.model)
            self._due = time.monotonic() + self.seconds

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Checks the training of an epoch before the validation."""
        self.on_epoch_end(0)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Reads the notes, and checks the weights.

        Raises:
            ValueError: If no round was played.
            FloatingPointError: Naming the turn, the term and the update, or the weight.
        """
        check_rounds(self.model)
        check_training(self.model)
        self.model.check_weights()


def turn_logs(model: keras.Model) -> list[TurnLog]:
    """Returns the logs of a game's turns."""
    return [log for log in model.metrics if isinstance(log, TurnLog)]


def check_rounds(model: keras.Model) -> None:
    """Raises a `ValueError` if an epoch had no round, because callbacks could not average logs."""
    if any(log.number_of_minibatches == 0 for log in turn_logs(model)):
        needed = counted(model.steps_per_round, "minibatch", "minibatches")
        played = counted(model.optimizer.rounds, "round")
        raise ValueError(
            f"Invalid value for argument `x`. Expected at least {needed} for each epoch, which one round "
            f"takes. Received: fewer, after {played}. If the data have come to an end, let them repeat, or "
            "ask for fewer epochs."
        )


def first_note(model: keras.Model) -> str | None:
    """Returns a sentence on the first value of training that was not finite, or `None`."""
    notes = []
    for log in turn_logs(model):
        found = log.first_not_finite()
        if found is not None:
            update, quantity = found
            # Turns have different numbers of updates in a round. The share of all updates shows which note is
            # first.
            sentence = (
                f"Training met a value that is not finite: `{quantity}` in the {log.name}'s turn, at its "
                f"update {update}."
            )
            notes.append((update / log.number_of_updates, sentence))
    return min(notes, key=lambda note: note[0])[1] if notes else None


def check_training(model: keras.Model) -> None:
    """Raises a `FloatingPointError` if a turn has noted a value that was not finite."""
    note = first_note(model)
    if note is not None:
        raise FloatingPointError(f"{note} Checkpoints written so far are untouched. {_ADVICE}")


def check_evaluation(model: keras.Model, logs: dict[str, Any]) -> None:
    """Raises a `FloatingPointError` if a turn's mean over evaluated data is not finite.

    Raises:
        ValueError: If there were no data.
    """
    for log in turn_logs(model):
        if log.number_of_minibatches == 0:
            raise ValueError(
                "Invalid value for the data to evaluate on. Expected at least one batch. Received: none"
            )
        for quantity in log.quantities:
            if quantity in logs and not np.isfinite(logs[quantity]):
                raise FloatingPointError(
                    f"The evaluation met a value that is not finite: `{quantity}` in the {log.name}'s turn. "
                    "Look for NaN and for labels without a class in the evaluated data."
                )


class FiniteWeights:
    """Checks whether weights are finite, with a single read from the device.

    Args:
        weights: The weights. Those that are not floating-point numbers are left out.
    """

    def __init__(self, weights: Sequence[keras.Variable]) -> None:
        self.weights = [each for each in weights if keras.backend.is_float_dtype(each.dtype)]
        self._are_finite = compiled(
            lambda: ops.stack([ops.all(ops.isfinite(each)) for each in self.weights])
        )

    def check(self, model: keras.Model) -> None:
        """Raises a `FloatingPointError` if a weight is not finite.

        Args:
            model: The game. Its turns may have noted the reason.
        """
        finite = ops.convert_to_numpy(self._are_finite()) if self.weights else np.ones(1)
        if not finite.all():
            weight = self.weights[int(np.argmin(finite))]
            note = first_note(model) or (
                f"Training met a value that is not finite: the weight {weight.path!r}."
            )
            raise FloatingPointError(
                f"{note} Nothing was saved, and files written so far are untouched. {_ADVICE}"
            )
