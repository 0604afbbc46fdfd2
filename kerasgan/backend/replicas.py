"""How one step is shared out over the replicas of a `tf.distribute` strategy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from keras import ops


def _replica_context() -> Any:
    return tf.distribute.get_replica_context() if tf.distribute.has_strategy() else None


def number_of_replicas() -> int:
    """Returns the number of replicas that take part in this step (1 without a strategy)."""
    context = _replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def number_of_workers(model: Any) -> int:
    """Returns how many processes train a model together.

    Args:
        model: The `keras.Model`, which knows the strategy that it was made under.
    """
    return _number_of_workers(model.distribute_strategy)


def _number_of_workers(strategy: Any) -> int:
    replicas = strategy.num_replicas_in_sync
    # A strategy lists its own worker's devices alone; TensorFlow's default one lists none.
    return 1 if replicas == 1 else replicas // len(strategy.extended.worker_devices)


def is_chief(model: Any) -> bool:
    """Tells whether this process writes for all that train a model (always, where it trains alone).

    What is written must be read on every worker first: to read a metric, or to predict, is a joint act of
    all workers, and each would wait for the others.

    Args:
        model: The `keras.Model`, which knows the strategy that it was made under.
    """
    return bool(model.distribute_strategy.extended.should_checkpoint)


def step_logs(logs: dict[str, Any]) -> dict[str, Any]:
    """Returns the logs of a step as Keras can average them over the replicas.

    Keras averages over several workers along the first axis, and a scalar has none.

    Args:
        logs: A scalar for each name.

    Returns:
        The logs, of shape `(1,)` where there are several workers.
    """
    context = _replica_context()
    if context is None or _number_of_workers(context.strategy) == 1:
        return logs
    return {name: ops.reshape(value, (1,)) for name, value in logs.items()}


def after(tensors: Any) -> Any:
    """Returns a context whose operations wait for some tensors.

    TensorFlow orders operations by what they need. A step counter needs nothing, and would count even when
    there were no more data.

    Args:
        tensors: Any structure of tensors.
    """
    return tf.control_dependencies(
        [item for item in tf.nest.flatten(tensors) if tf.is_tensor(item)]
    )


def draw_rows(draw: Callable[[Any], Any], rows: Any) -> Any:
    """Draws for the whole global batch and keeps this replica's rows.

    A Keras `SeedGenerator` gives the same numbers on every replica. Drawing for the global batch and
    keeping this replica's rows makes N replicas see the draws that one device would have seen.

    Args:
        draw: Takes a number of rows and returns a tensor `(rows, ...)`.
        rows: How many rows this replica needs, which may be none: an integer or a scalar tensor.

    Returns:
        Tensor `(rows, ...)`.
    """
    if number_of_replicas() == 1:
        return draw(rows)
    first, count = _place(rows)
    return tf.nest.map_structure(lambda tensor: tensor[first : first + rows], draw(count))


def first_row(rows: Any) -> Any:
    """Returns the place of this replica's first row in the global batch; 0 without a strategy.

    Args:
        rows: How many rows this replica has: an integer or a scalar tensor.
    """
    return 0 if number_of_replicas() == 1 else _place(rows)[0]


def _place(rows: Any) -> tuple[Any, Any]:
    """Returns how many rows the replicas before this one have, and how many all have together."""
    context = _replica_context()
    replica = context.replica_id_in_sync_group
    # In 64 bits, which a GPU holds in its own memory.
    own = tf.one_hot(replica, context.num_replicas_in_sync, dtype=tf.int64)
    counts = context.all_reduce(tf.distribute.ReduceOp.SUM, own * tf.cast(rows, tf.int64))
    counts = tf.cast(counts, tf.int32)
    return tf.reduce_sum(counts[:replica]), tf.reduce_sum(counts)


def parts_of_means(means: Sequence[Any], weights: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Returns what this replica adds to means over all replicas; differentiable.

    Without a strategy these are the means themselves.

    Args:
        means: Scalars, each a mean of what this replica has; of nothing it may be NaN.
        weights: What each weighs on this replica, such as its number of rows.

    Returns:
        `(parts, weights)`: the parts, which added up over the replicas are the means, and what each weighs on
        all replicas together. A mean that weighs nothing anywhere is 0.
    """
    if number_of_replicas() == 1:
        return list(means), list(weights)
    weights = ops.stack(list(weights))
    sums = _replica_context().all_reduce(tf.distribute.ReduceOp.SUM, tf.stop_gradient(weights))
    shares = ops.divide_no_nan(weights, sums)
    parts = [
        ops.where(weights[index] > 0, mean, 0.0) * shares[index] for index, mean in enumerate(means)
    ]
    return parts, [sums[index] for index in range(len(parts))]


def gradients_of_rows(gradients: Sequence[Any], rows: Any) -> list[Any]:
    """Returns this replica's gradients; those of no rows are 0, where a layer may have made NaN of them.

    Args:
        gradients: The gradients, `None` where there is none.
        rows: How many rows this replica has.
    """
    if number_of_replicas() == 1:
        return list(gradients)
    some = ops.cast(rows, "int32") > 0
    return [None if each is None else ops.where(some, each, 0.0) for each in gradients]


def is_first_replica() -> bool:
    """Tells whether this is the replica that runs before the others; always without a strategy."""
    context = _replica_context()
    return context is None or tf.get_static_value(context.replica_id_in_sync_group) == 0


def assign_on_replicas(variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Assigns values, equal on all replicas, to variables that Keras made for weights.

    Such variables know no way to join what replicas assign to them, so the assignments are made for all
    replicas at once.
    """
    if number_of_replicas() == 1:
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return

    def assign(strategy: Any, *values: Any) -> None:
        for variable, value in zip(variables, values, strict=True):
            strategy.extended.update(
                variable.value, lambda each, new: each.assign(new), args=(value,), group=False
            )

    _across_replicas(assign, *values)


def run_on_replicas_if(condition: Any, function: Callable[..., None], *arguments: Any) -> None:
    """Runs a function if a condition holds, which is equal on all replicas.

    A condition inside a replica may not enclose what replicas do together, such as an optimizer's step.
    Here the condition is asked for all replicas at once, and encloses them.
    """

    def nothing() -> None:
        return None

    if number_of_replicas() == 1 or tf.__internal__.distribute.strategy_supports_no_merge_call():
        tf.cond(condition, lambda: function(*arguments), nothing)
        return

    def decide(strategy: Any, condition: Any, *arguments: Any) -> None:
        tf.cond(
            strategy.experimental_local_results(condition)[0],
            lambda: strategy.extended.call_for_each_replica(function, args=arguments),
            nothing,
        )

    _across_replicas(decide, condition, *arguments)


def _across_replicas(function: Callable[..., None], *arguments: Any) -> None:
    tf.__internal__.distribute.interim.maybe_merge_call(
        function, tf.distribute.get_strategy(), *arguments
    )


def all_replicas_sum(value: Any) -> Any:
    """Adds a tensor up over the replicas; differentiable. The identity without a strategy."""
    if number_of_replicas() == 1:
        return value
    return _replica_context().all_reduce(tf.distribute.ReduceOp.SUM, ops.convert_to_tensor(value))


def all_replicas_mean(value: Any, weight: Any = None) -> Any:
    """Averages a tensor over the replicas; differentiable. The identity without a strategy.

    Args:
        value: The tensor.
        weight: What this replica's value weighs, such as its number of rows. One that weighs nothing may be
            NaN. Defaults to `None`, the same for all.
    """
    if number_of_replicas() == 1:
        return value
    value = ops.convert_to_tensor(value)
    if weight is None:
        return all_replicas_sum(value) / float(number_of_replicas())
    weight = ops.cast(weight, value.dtype)
    weighted = ops.where(weight > 0, value, 0.0) * weight
    return ops.divide_no_nan(all_replicas_sum(weighted), all_replicas_sum(weight))


def all_rows_mean(values: Any) -> Any:
    """Averages rows, `(rows, ...)`, over the whole global batch; differentiable. Of no rows it is 0.

    In an evaluation, replicas may have different numbers of rows, and some none.
    """
    total, rows = ops.sum(values, axis=0), ops.cast(ops.shape(values)[0], values.dtype)
    context = _replica_context()
    if context is not None and context.num_replicas_in_sync > 1:
        total, rows = context.all_reduce(
            tf.distribute.ReduceOp.SUM, [total, ops.convert_to_tensor(rows)]
        )
    return ops.divide_no_nan(total, rows)


def gather_rows(value: Any) -> Any:
    """Returns the rows of all replicas, for a term that compares every example with every other.

    Differentiable. The identity without a strategy.
    """
    context = _replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_gather(value, axis=0)


def roll_rows(value: Any) -> Any:
    """Returns, for each row, the one before it in the global batch, and for the first row the last one.

    N replicas see what one device would have seen, also in an evaluation, where the last of them may have
    fewer rows or none.

    Args:
        value: Tensor `(rows, ...)`.
    """
    context = _replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return ops.roll(value, 1, axis=0)
    # Only the first row comes from another replica: the last one of the replica before it.
    last_rows = ops.roll(context.all_gather(value[-1:], axis=0), 1, axis=0)
    replica = context.replica_id_in_sync_group
    return ops.concatenate([last_rows[replica : replica + 1], value[:-1]], axis=0)
