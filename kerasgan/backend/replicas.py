"""How one step is shared out over the replicas of a `tf.distribute` strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from keras import ops


def _replica_context() -> Any:
    return tf.distribute.get_replica_context() if tf.distribute.has_strategy() else None


def number_of_replicas() -> int:
    """Returns the number of replicas that take part in this step (1 without a strategy)."""
    context = _replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def draw_rows(draw: Callable[[Any], Any], rows: Any) -> Any:
    """Draws for the whole global batch and keeps this replica's rows.

    A Keras `SeedGenerator` gives the same numbers on every replica. Drawing for the global batch and
    keeping this replica's rows makes N replicas see the draws that one device would have seen.

    Args:
        draw: Takes a number of rows and returns a tensor `(rows, ...)`.
        rows: How many rows this replica needs, the same number on every replica: an integer or a scalar
            tensor.

    Returns:
        Tensor `(rows, ...)`.
    """
    context = _replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return draw(rows)
    drawn = draw(rows * context.num_replicas_in_sync)
    first = context.replica_id_in_sync_group * rows
    return tf.nest.map_structure(lambda tensor: tensor[first : first + rows], drawn)


def all_replicas_mean(value: Any) -> Any:
    """Averages a tensor over the replicas; differentiable. The identity without a strategy."""
    context = _replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, ops.convert_to_tensor(value)) / float(
        context.num_replicas_in_sync
    )


def gather_rows(value: Any) -> Any:
    """Returns the rows of all replicas, for a term that compares every example with every other.

    Differentiable. The identity without a strategy.
    """
    context = _replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_gather(value, axis=0)
