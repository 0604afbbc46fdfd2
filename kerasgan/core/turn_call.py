from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from kerasgan.backend import is_first_replica
from kerasgan.part import rows_of
from kerasgan.precision import full_precision

# The mean of some values, and its weight next to the means of other minibatches and replicas.
Mean = tuple[Any, Any]


class TurnCall(keras.layers.Layer):
    """A turn's objective as a layer. Its sub-layers are the turn's players.

    For Keras, everything that the objective calls is part of one call of this layer. So the losses of layers
    are collected (`layer.losses`), and not cleared between two calls of a player. Keras can also compute the
    outputs from shapes only.

    Args:
        name: The turn's name.
        players: The models whose losses count.
        objective: A function of a batch of real samples and their conditions. Returns the turn's `Outcome`.
    """

    def __init__(
        self,
        name: str,
        players: Sequence[keras.layers.Layer],
        objective: Callable[[Any, Any], Any],
    ) -> None:
        # For any dtype policy: the sub-models cast their inputs themselves.
        super().__init__(name=f"{name}_turn", dtype=full_precision(), autocast=False)
        self.players = list(players)
        self._objective = objective
        self.built = True

    def call(
        self, real: Any, condition: Any = None
    ) -> tuple[Mean, dict[str, Mean], dict[str, Mean]]:
        """Returns the means of the loss, of each term, and of the other logged values."""
        outcome = self._objective(real, condition)
        rows = ops.cast(ops.shape(rows_of(real))[0], full_precision())
        terms = {name: _mean(values, rows) for name, values in outcome.terms.items()}
        losses = self.losses
        if losses:
            losses = [ops.cast(loss, full_precision()) for loss in losses]
            terms["regularization"] = _mean(sum(losses), rows)
        logs = {name: _mean(values, rows) for name, values in outcome.logs.items()}
        return _mean(outcome.loss, rows), terms, logs

    def _clear_losses(self) -> None:
        # Replicas run one after the other within one call, on the same layers. The first one starts it.
        if is_first_replica():
            super()._clear_losses()


def _mean(values: Any, rows: Any) -> Mean:
    weights = getattr(values, "weights", None)
    if weights is None:
        return ops.mean(ops.cast(values, full_precision())), rows
    values = ops.cast(values.values, full_precision())
    weights = ops.cast(ops.reshape(weights, (-1, *(1 for _ in values.shape[1:]))), values.dtype)
    weights = weights * ops.ones_like(values)
    total = ops.sum(weights)
    return ops.divide_no_nan(ops.sum(weights * values), total), total
