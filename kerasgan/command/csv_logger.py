"""The table of a run's metrics."""

from __future__ import annotations

from typing import Any

import keras


class CSVLogger(keras.callbacks.CSVLogger):
    """Writes a row of all logs after each section.

    Keras's logger adds columns for validation, which a run does not have. The class keeps Keras's name,
    because a backup finds a callback by its name. A table that an earlier version began keeps its columns.
    """

    keys: list[str] | None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes a row."""
        if self.keys is None:
            self.keys = sorted(logs or {})
        super().on_epoch_end(epoch, logs)
