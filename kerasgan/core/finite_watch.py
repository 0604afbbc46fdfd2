from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerasgan.core.turn_log import TurnLog


class FiniteWatch(keras.callbacks.Callback):
    """Ends training at the first value that is not finite, before any checkpoint can hold it.

    It goes before the user's callbacks. A running mean that has met such a value stays so for the rest of
    the epoch, so a look at the few running sums after each execution finds every one.
    """

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Looks at the running sums.

        Raises:
            FloatingPointError: Naming the turn, the term and the update.
        """
        for log in self.model.metrics:
            if isinstance(log, TurnLog) and not np.all(np.isfinite(np.asarray(log.total))):
                update, quantity = log.first_not_finite()
                raise FloatingPointError(
                    f"Training met a value that is not finite: `{quantity}` in the {log.name}'s turn, at "
                    f"its update {update}. Checkpoints written so far are untouched. Look for NaN in the "
                    "data, lower the learning rates, or add a penalty."
                )
