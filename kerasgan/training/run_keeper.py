from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from kerasgan.training.callback_state import CallbackState, continue_files
from kerasgan.training.epoch_order import skip_evaluations
from kerasgan.training.finite_watch import check_training, turn_logs
from kerasgan.training.run import Run
from kerasgan.training.run_description import differences, summed_up
from kerasgan.training.state_values import (
    global_random_state,
    pack,
    set_global_random_state,
    unpack,
)

logger = logging.getLogger(__name__)

State = dict[str, np.ndarray]


class RunKeeper(keras.callbacks.Callback):
    """Knows everything that a training run depends on, and continues a run where it stopped.

    That is: every variable (weights, optimizers, averages, seeds, running means), the order of the data and
    the position in it, the state of other callbacks, the state of the random numbers of NumPy and Python, and
    whether a callback has ended training. `fit` shows a run to keepers before it begins, and calls them after
    all other callbacks.

    To continue, the data are read again up to the position, without training and without calls of the other
    callbacks. The order of arrays and of a `keras.utils.PyDataset` follows from a stored seed. A
    `tf.data.Dataset` or a generator must return the same data in a new process as in the last one. So shuffle
    it with a seed. The same is true for validation data, except for a generator. That is not read again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.initial_epoch = 0
        self.first_batch = 0
        self._saved: State | None = None
        self._ahead = self._evaluations = 0
        self._listening: list[keras.callbacks.Callback] = []

    def stored(self) -> State | None:
        """Returns the result of `capture` in the last run, or `None` if there is no run to continue."""
        raise NotImplementedError

    def check_changes(self, changes: list[str]) -> None:
        """Raises if the last run may not be continued, because it is a different one.

        Args:
            changes: The differences from the last run, a sentence each.

        Raises:
            ValueError: If the subclass does not accept the changes.
        """

    def follow(self, model: keras.Model, run: Run, saved: State | None) -> None:
        """Begins to follow a run, and continues the last run if there is one.

        Args:
            model: The model.
            run: The run that is about to begin.
            saved: The state of the run to continue, or `None`.

        Raises:
            ValueError: If the last run was of a different model.
        """
        self.set_model(model)
        self.run = run
        self._saved = saved
        self.first_batch = self._ahead = 0
        if saved is None:
            return
        before = json.loads(str(saved["description"]))
        self._changes = differences(before, dict(run.description))
        if self._changes:
            self.check_changes(self._changes)
        self._rates = _changed_rates(before, run.description)
        self._restore_variables()
        epoch, self.first_batch = int(saved["epoch"]), int(saved["batch"])
        run.first_epoch, run.evaluations = int(saved["first_epoch"]), int(saved["evaluations"])
        is_over = bool(saved["is_over"])
        self.initial_epoch = max(epoch, run.epochs) if is_over else epoch
        if self.initial_epoch >= run.epochs:
            logger.warning(
                "Nothing is left to train: the run that is taken up %s after epoch %d.",
                "was stopped by a callback" if is_over else "ended",
                epoch,
            )
        run.order.restore(saved, within_epoch=bool(self.first_batch))
        self._ahead = run.order.skip_epochs(epoch - run.first_epoch, run.steps_per_epoch)
        skip_evaluations(run.held_out, run.evaluations, run.validation_steps)
        continue_files(run.callbacks, saved)

    def capture(self, epoch: int, batch: int) -> State:
        """Returns the state of the run after `batch` batches of `epoch`, as named arrays.

        Raises:
            FloatingPointError: If training has met a value that is not finite.
        """
        check_training(self.model)
        self.model.check_weights()
        arrays: State = {
            f"variable.{index}": keras.ops.convert_to_numpy(variable)
            for index, variable in enumerate(self.model.state())
        }
        states = {} if self.run.states is None else self.run.states.capture()
        arrays |= {**self.run.order.capture(), **states}
        numbers = {
            "epoch": epoch,
            "batch": batch,
            "first_epoch": self.run.first_epoch,
            "evaluations": self._evaluations,
            "is_over": bool(self.model.stop_training),
        }
        random = pack(global_random_state(), arrays)
        texts = {"description": self.run.description, "random": random}
        arrays |= {name: np.array(json.dumps(text)) for name, text in texts.items()}
        return {**arrays, **{name: np.array(number) for name, number in numbers.items()}}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Gives the other callbacks their state back."""
        if self.run.states is None:
            self.run.states = CallbackState(self.run.callbacks)
        self._evaluations = self.run.evaluations
        self._restore()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Continues the run in the middle of its epoch."""
        if self._saved is None:
            return
        if self.first_batch:
            # By now, Keras has reset the running means, and callbacks have begun the epoch a second time.
            self._restore()
            self._hide_batches()
        if self.first_batch + self._ahead:
            self.model.train_function = _WithoutTraining(self.model, self.first_batch, self._ahead)
        if not self.run.is_passing:
            self._saved = None

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Notices the batch at which training continues."""
        if self._saved is not None and batch + 1 >= self.first_batch:
            self.run.is_passing = False
            self.run.listeners.callbacks = self._listening
            # Data that were read again may have used these random numbers.
            self._restore_random_numbers()
            self._saved = None

    def release(self) -> None:
        """Drops the run and its data after `fit` is over."""
        if isinstance(self.model.train_function, _WithoutTraining):
            self.model.train_function = self.model.train_function.train
        self._saved = None
        del self.run

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Counts evaluations, because each one changes the seeds of its data."""
        self._evaluations += 1

    def _hide_batches(self) -> None:
        """Hides batches that were trained on before from other callbacks."""
        self.run.is_passing = True
        self._listening = self.run.listeners.callbacks
        seeing = (RunKeeper, keras.callbacks.ProgbarLogger)
        self.run.listeners.callbacks = [
            each for each in self._listening if isinstance(each, seeing)
        ]

    def _restore(self) -> None:
        if self._saved is not None:
            self._restore_variables()
            if self.run.states is not None:
                self.run.states.restore(self._saved)
            self._restore_random_numbers()

    def _restore_random_numbers(self) -> None:
        saved = self._saved or {}
        set_global_random_state(unpack(json.loads(str(saved["random"])), saved))

    def _restore_variables(self) -> None:
        saved = self._saved or {}
        variables = self.model.state()
        stored = [saved[name] for name in saved if name.startswith("variable.")]
        # They are as long as an execution, and every callback has read them.
        rings = {id(log.ring) for log in turn_logs(self.model)}
        fits = [
            each.shape == tuple(variable.shape)
            for each, variable in zip(stored, variables, strict=False)
        ]
        if len(stored) != len(variables) or not all(
            fit or id(variable) in rings for fit, variable in zip(fits, variables, strict=True)
        ):
            changes = f": {summed_up(self._changes)}" if self._changes else ""
            raise ValueError(
                f"Invalid state of a training run. Expected that of {self.model.name!r}, compiled as it is "
                f"now, with {len(variables)} variables. Received: that of another model or another "
                f"compilation, with {len(stored)} variables of other shapes{changes}"
            )
        for value, variable, fit in zip(stored, variables, fits, strict=True):
            if fit:
                variable.assign(value)
        for turn, rate in self._rates.items():
            self.model.optimizer[turn].learning_rate = rate


def _changed_rates(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, float]:
    """Returns the learning rates that a script has changed."""
    rates = {}
    for turn, optimizer in now.get("optimizers", {}).items():
        rate = optimizer.get("learning_rate")
        if isinstance(rate, float) and rate != before["optimizers"].get(turn, {}).get(
            "learning_rate"
        ):
            rates[turn] = rate
    return rates


class _WithoutTraining:
    """Replaces the train function while batches of `fit` are skipped, and then puts it back.

    Args:
        model: The model.
        batches: How many batches are skipped.
        ahead: How many elements are read before these batches.
    """

    def __init__(self, model: Any, batches: int, ahead: int) -> None:
        self.train = model.train_function
        self._model, self._batches, self._ahead = model, batches, ahead

    def __call__(self, iterator: Any) -> Any:
        passing = min(self._batches, self._model.steps_per_execution)
        for _ in range(self._ahead + passing):
            next(iterator)
        self._ahead, self._batches = 0, self._batches - passing
        if self._batches == 0:
            self._model.train_function = self.train
        return self._model.training_logs() if passing else self.train(iterator)
