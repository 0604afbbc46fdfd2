from __future__ import annotations

from typing import Any

import keras


class TrainableWatch(keras.callbacks.Callback):
    """Notices that a layer was frozen or set free since `compile`, which makes what trains it."""

    reads_logs = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the weights of every turn.

        Raises:
            ValueError: If a turn would train others than `compile` has seen.
        """
        self.model.check_trainable()
