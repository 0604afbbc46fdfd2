from __future__ import annotations

from typing import Any

import keras


class TrainableWatch(keras.callbacks.Callback):
    """Notices if a layer's `trainable` has changed since `compile`, because that has no effect yet.

    It checks after all callbacks have begun an epoch, and again before they end it. So a change by a callback
    is reported in the same epoch. No checkpoint is written for an epoch that was not trained as the layers
    say.
    """

    reads_logs = False
    # One check in an epoch does not need single steps.
    listens_to_batches = False

    def __init__(self) -> None:
        super().__init__()
        self._begins = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Prepares the check, which comes after all callbacks have begun the epoch."""
        self._begins = True

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Checks the weights of every turn, once in an epoch.

        Raises:
            ValueError: If a turn would train other weights than at the time of `compile`.
        """
        if self._begins:
            self._begins = False
            self.model.check_trainable()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Checks once more.

        Raises:
            ValueError: As in `on_train_batch_begin`.
        """
        self.model.check_trainable()
