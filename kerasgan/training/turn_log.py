from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.backend import all_replicas_mean, number_of_replicas


class TurnLog(keras.metrics.Metric):
    """What a turn logs: the running mean that Keras shows, and the value of every update.

    Keras hands callbacks the running means of an epoch, once for each execution. The values themselves, one
    for each update, are kept in a ring that is as long as one execution. The first value that is not finite
    is noted where it is computed, so that nobody has to look at every update.

    Args:
        name: The turn's name.
        quantities: The names of the logged values.
        capacity: How many updates one execution makes.

    Example:

    >>> log = TurnLog("generator", ["generator_loss"], capacity=2)
    >>> log.update_state({"generator_loss": 1.0}, rows=4)
    >>> log.update_state({"generator_loss": 3.0}, rows=4)
    >>> float(log.result()["generator_loss"]), log.since(0)["generator_loss"].tolist()
    (2.0, [1.0, 3.0])
    """

    def __init__(self, name: str, quantities: Sequence[str], capacity: int) -> None:
        super().__init__(name=name, dtype="float32")
        self.quantities = tuple(quantities)
        self.capacity = capacity
        size = len(self.quantities)
        self.total = self.add_variable((size,), "zeros", name="total")
        self.rows = self.add_variable((), "zeros", name="rows")
        self.ring = self.add_variable((capacity, size), "zeros", name="ring")
        # "int" is the integer type that the backend keeps beside the weights, where XLA can reach it.
        counter = {"dtype": "int", "aggregation": "only_first_replica"}
        self.updates = self.add_variable((), "zeros", name="updates", **counter)
        # The update (from 1; 0 for none) and the quantity of the first value that was not finite.
        self.broken = self.add_variable((2,), "zeros", name="broken", **counter)

    def update_state(self, logs: dict[str, Any], rows: Any, record: bool = True) -> None:
        """Adds one update's values.

        Args:
            logs: A scalar for each quantity.
            rows: The number of examples behind them, their weight in the running mean.
            record: Whether to keep the values themselves too. Defaults to `True`.
        """
        values = ops.stack([ops.cast(logs[name], "float32") for name in self.quantities])
        rows = ops.cast(rows, "float32")
        if not record:
            # The last batch of an evaluation may leave a replica without a row: NaN, the mean of none.
            values = ops.where(rows > 0, values, 0.0)
        self.total.assign_add(values * rows)
        self.rows.assign_add(rows)
        if record:
            self.updates.assign_add(1)
            self._note_if_broken(all_replicas_mean(values))
            # Replicas' rings are added when they are read.
            values = ops.expand_dims(values / number_of_replicas(), 0)
            position = ops.mod(self.updates - 1, self.capacity)
            self.ring.assign(ops.slice_update(self.ring, (position, 0), values))

    def _note_if_broken(self, values: Any) -> None:
        is_broken = ops.logical_not(ops.isfinite(values))
        noted = self.broken + 0
        quantity = ops.cast(ops.argmax(is_broken), noted.dtype)
        found = ops.stack([self.updates + 0, quantity])
        is_first = ops.logical_and(ops.any(is_broken), ops.equal(noted[0], 0))
        self.broken.assign(ops.where(is_first, found, noted))

    def result(self) -> dict[str, Any]:
        """Returns the running mean of each quantity since the last reset."""
        means = ops.divide_no_nan(self.total, self.rows)
        return {name: means[index] for index, name in enumerate(self.quantities)}

    def reset_state(self) -> None:
        """Starts new running means; the recorded updates stay."""
        self.total.assign(ops.zeros_like(self.total))
        self.rows.assign(0.0)

    def since(self, update: int) -> dict[str, np.ndarray]:
        """Returns the values of every update after the first `update` ones, oldest first.

        Raises:
            ValueError: If the ring has forgotten some of them.
        """
        last = self.number_of_updates
        if last - update > self.capacity:
            raise ValueError(
                f"Invalid value for argument `update`. Expected at least {last - self.capacity}: only the "
                f"last {self.capacity} updates are kept. Received: update={update}"
            )
        order = np.arange(update, last) % self.capacity
        values = ops.convert_to_numpy(self.ring)[order]
        return {name: values[:, index] for index, name in enumerate(self.quantities)}

    def first_not_finite(self) -> tuple[int, str] | None:
        """Returns the update (from 1) and the quantity of the first value that was not finite, if any."""
        update, quantity = ops.convert_to_numpy(self.broken)
        return (int(update), self.quantities[int(quantity)]) if update else None

    def forget_not_finite(self) -> None:
        """Starts a new search for values that are not finite."""
        self.broken.assign(ops.zeros(self.broken.shape, self.broken.dtype))

    @property
    def number_of_updates(self) -> int:
        """How many updates there have been."""
        return int(ops.convert_to_numpy(self.updates))
