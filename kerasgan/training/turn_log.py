from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.backend import all_replicas_sum, number_of_replicas
from kerasgan.precision import full_precision


class TurnLog(keras.metrics.Metric):
    """The log of a turn: the running mean that Keras shows, and the value of every update.

    Keras gives callbacks the running means of an epoch, once for each execution. The values themselves, one
    for each update, are kept in a ring buffer that is as long as one execution. The first value that is not
    finite is noted on the device, so that the host does not have to check every update.

    Args:
        name: The turn's name.
        quantities: The names of the logged values, the loss first.
        capacity: How many updates one execution makes.
        terms: The quantities that are terms of the loss. They are added to it. Defaults to none.

    Example:

    >>> log = TurnLog("generator", ["generator_loss", "generator_cycle"], 2, ["generator_cycle"])
    >>> log.update_state({"generator_loss": 1.0, "generator_cycle": 0.5}, weights=4)
    >>> log.update_state({"generator_loss": 3.0, "generator_cycle": 0.5}, weights=4)
    >>> float(log.result()["generator_loss"]), log.since(0)["generator_loss"].tolist()
    (2.5, [1.5, 3.5])
    """

    def __init__(
        self, name: str, quantities: Sequence[str], capacity: int, terms: Sequence[str] = ()
    ) -> None:
        super().__init__(name=name, dtype=full_precision())
        self.quantities = tuple(quantities)
        self.capacity = capacity
        self.terms = [self.quantities.index(term) for term in terms]
        size = len(self.quantities)
        self.total = self.add_variable((size,), "zeros", name="total")
        self.weights_of_means = self.add_variable((size,), "zeros", name="weights")
        self.minibatches = self.add_variable((), "zeros", name="minibatches")
        self.ring = self.add_variable((capacity, size), "zeros", name="ring")
        # "int" is the integer type that the backend keeps next to the weights, so that XLA can reach it.
        counter = {"dtype": "int", "aggregation": "only_first_replica"}
        self.updates = self.add_variable((), "zeros", name="updates", **counter)
        # For each quantity: 1 until its first value that is not finite, then 0; and the updates up to there.
        self.finite = self.add_variable((size,), "ones", name="finite", **counter)
        self.finite_updates = self.add_variable((size,), "zeros", name="finite_updates", **counter)

    def update_state(
        self, means: Mapping[str, Any], weights: Mapping[str, Any] | Any, record: bool = True
    ) -> None:
        """Adds one update's values.

        Args:
            means: A scalar for each quantity. On replicas, this replica's part of it. The loss does not
                include its terms.
            weights: The weight of each value in the running mean, such as its number of examples; or a single
                number for all. A value of weight 0 is left out of the running mean.
            record: Whether to keep the values of this update too. Defaults to `True`.
        """
        # Every game plays this in every update, so it takes few operations.
        values = ops.stack([ops.cast(means[name], self.dtype) for name in self.quantities])
        if isinstance(weights, Mapping):
            weights = ops.stack([ops.cast(weights[name], self.dtype) for name in self.quantities])
        else:
            weights = ops.full(values.shape, ops.cast(weights, self.dtype))
        self.total.assign_add(values * weights)
        replicas = number_of_replicas()
        self.weights_of_means.assign_add(weights if replicas == 1 else weights / replicas)
        self.minibatches.assign_add(1.0)
        if record:
            values = self._with_terms(values)
            self._note_if_broken(all_replicas_sum(values))
            # The rings of replicas are added up when they are read.
            row = ops.expand_dims(values, 0)
            if self.capacity > 1:
                position = ops.mod(self.updates, self.capacity)
                row = ops.slice_update(self.ring, (position, 0), row)
            self.ring.assign(row)
            self.updates.assign_add(1)

    def _with_terms(self, values: Any) -> Any:
        """Adds the terms of the loss to the loss."""
        if not self.terms:
            return values
        loss = sum((values[term] for term in self.terms), values[0])
        return ops.concatenate([ops.expand_dims(loss, 0), values[1:]])

    def _note_if_broken(self, values: Any) -> None:
        finite = self.finite * ops.cast(ops.isfinite(values), self.finite.dtype)
        self.finite.assign(finite)
        self.finite_updates.assign_add(finite)

    def result(self) -> dict[str, Any]:
        """Returns the running mean of each quantity since the last reset; NaN if there was no update."""
        means = self._with_terms(ops.divide_no_nan(self.total, self.weights_of_means))
        means = ops.where(self.minibatches > 0, means, np.nan)
        return {name: means[index] for index, name in enumerate(self.quantities)}

    def reset_state(self) -> None:
        """Starts new running means. The recorded updates stay."""
        self.total.assign(ops.zeros_like(self.total))
        self.weights_of_means.assign(ops.zeros_like(self.weights_of_means))
        self.minibatches.assign(0.0)

    def since(self, update: int) -> dict[str, np.ndarray]:
        """Returns the values of every update after the first `update` ones, oldest first.

        Raises:
            ValueError: If the ring buffer no longer holds some of them.
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
        finite = ops.convert_to_numpy(self.finite)
        if finite.all():
            return None
        updates = np.where(finite, np.inf, ops.convert_to_numpy(self.finite_updates))
        quantity = int(np.argmin(updates))
        return int(updates[quantity]) + 1, self.quantities[quantity]

    def forget_not_finite(self) -> None:
        """Starts a new search for values that are not finite."""
        self.finite.assign(ops.ones_like(self.finite))
        self.finite_updates.assign(ops.full(self.finite.shape, self.updates.value))

    @property
    def number_of_updates(self) -> int:
        """How many updates there have been."""
        return int(ops.convert_to_numpy(self.updates))

    @property
    def number_of_minibatches(self) -> int:
        """How many minibatches are in the running means."""
        return int(ops.convert_to_numpy(self.minibatches))
