from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasgan.training.callback_state import CallbackState
from kerasgan.training.epoch_order import EpochOrder
from kerasgan.training.finite_watch import check_training


class RunKeeper(keras.callbacks.Callback):
    """Knows all that a training run depends on, and takes a run up where it stood.

    That is every variable (weights, optimizers, averages, seeds, running means), the order of the data and
    the position in it, and what other callbacks remember. `fit` lets keepers look at a run before it begins,
    and calls them after all other callbacks.

    Data are taken up by reading them again up to the position, without training. Arrays and a
    `keras.utils.PyDataset` are in an order that follows from a stored seed; a `tf.data.Dataset` or a
    generator has to give in a new process what it gave in the last, so shuffle it with a seed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.initial_epoch = 0
        self.first_batch = 0
        self._saved: dict[str, np.ndarray] | None = None

    def stored(self) -> dict[str, np.ndarray] | None:
        """Returns what `capture` returned in the last run, or `None` if there is none to take up."""
        raise NotImplementedError

    def follow(
        self,
        model: keras.Model,
        order: EpochOrder,
        callbacks: Sequence[keras.callbacks.Callback],
        steps_per_epoch: int | None,
    ) -> None:
        """Begins to follow a run, and takes up the last one if there is one.

        Args:
            model: The model.
            order: The order of the run's data.
            callbacks: The user's other callbacks.
            steps_per_epoch: As `fit` was given it.

        Raises:
            ValueError: If the last run was that of another model.
        """
        self.set_model(model)
        self._order = order
        self._others = callbacks
        self._steps_per_epoch = steps_per_epoch
        self.initial_epoch = 0
        self._saved = self.stored()
        if self._saved is not None:
            self._restore_variables()
            self.initial_epoch = int(self._saved["epoch"])
            order.restore(self._saved, within_epoch=bool(self._saved["batch"]))
            order.skip_epochs(self.initial_epoch)

    def capture(self, epoch: int, batch: int) -> dict[str, np.ndarray]:
        """Returns the state of the run, of which `batch` batches of `epoch` are done, as named arrays.

        Raises:
            FloatingPointError: If training has met a value that is not finite.
        """
        check_training(self.model)
        self.model.check_weights()
        variables = {
            f"variable.{index}": keras.ops.convert_to_numpy(variable)
            for index, variable in enumerate(self.model.state())
        }
        position = {"epoch": np.array(epoch), "batch": np.array(batch)}
        return {**variables, **position, **self._order.capture(), **self._states.capture()}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Gives the other callbacks back what they remembered."""
        self._states = CallbackState(self._others)
        if self._saved is not None:
            self._states.restore(self._saved)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Takes up the run in the middle of its epoch."""
        if self._saved is None:
            self.first_batch = 0
            return
        self.first_batch = batches = int(self._saved["batch"])
        if batches:
            # By now Keras has reset the running means, and schedules have set learning rates anew.
            self._restore_variables()
        read = batches + (self._steps_per_epoch or 0) * epoch
        if read:
            _read_without_training(self.model, batches, read)
        self._saved = None

    def _restore_variables(self) -> None:
        saved = self._saved or {}
        variables = self.model.state()
        stored = [saved[name].shape for name in saved if name.startswith("variable.")]
        if stored != [tuple(variable.shape) for variable in variables]:
            raise ValueError(
                f"Invalid state of a training run. Expected that of {self.model.name!r}, compiled as it is "
                f"now, with {len(variables)} variables. Received: that of another model or another "
                f"compilation, with {len(stored)} variables of other shapes"
            )
        for index, variable in enumerate(variables):
            variable.assign(saved[f"variable.{index}"])


def _read_without_training(model: Any, batches: int, count: int) -> None:
    """Lets the next `batches` batches of `fit` pass by: `count` elements are read, none is trained on."""
    train = model.train_function
    ahead = count - batches

    def read(iterator: Any) -> Any:
        nonlocal ahead, batches
        passing = min(batches, model.steps_per_execution)
        for _ in range(ahead + passing):
            next(iterator)
        ahead, batches = 0, batches - passing
        if batches == 0:
            model.train_function = train
        return model.training_logs() if passing else train(iterator)

    model.train_function = read
