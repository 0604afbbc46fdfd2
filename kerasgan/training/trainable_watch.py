from __future__ import annotations

from typing import Any

import keras


class TrainableWatch(keras.callbacks.Callback):
    """Notices that a layer was frozen or set free since `compile`, which makes what trains it.

    It looks after all callbacks have begun an epoch, and before they end it. So what a callback changes is
    said in that epoch, and no checkpoint is written of an epoch that was not trained as the layers say.
    """

    reads_logs = False
    # One look for an epoch asks for no single steps.
    listens_to_batches = False

    def __init__(self) -> None:
        super().__init__()
        self._begins = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Gets ready to look when all callbacks have done the same."""
        self._begins = True

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the weights of every turn, once in an epoch.

        Raises:
            ValueError: If a turn would move others than `compile` has seen.
        """
        if self._begins:
            self._begins = False
            self.model.check_trainable()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks once more.

        Raises:
            ValueError: Likewise.
        """
        self.model.check_trainable()
