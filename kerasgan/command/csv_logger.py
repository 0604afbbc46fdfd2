"""The table of a run's metrics."""

from __future__ import annotations

from typing import Any

import keras


class CSVLogger(keras.callbacks.CSVLogger):
    """Writes what is logged, and nothing else.

    Keras's makes room for values of a validation, which a run has not. The name is the same, by which a
    backup knows it: a table that an earlier version began goes on with its columns.
    """

    keys: list[str] | None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Writes a row."""
        if self.keys is None:
            self.keys = sorted(logs or {})
        super().on_epoch_end(epoch, logs)
