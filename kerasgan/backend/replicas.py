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
    # A strategy lists only the devices of its own worker. TensorFlow's default strategy lists none.
    return 1 if replicas == 1 else replicas // len(strategy.extended.worker_devices)


def is_chief(model: Any) -> bool:
    """Tells whether this process writes the files. A process that trains alone always does.

    Read the values to write on every worker first. To read a metric, or to predict, all workers act together.
    If only the chief did it, it would wait for the others forever.

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
        The logs, of shape `(1,)` if there are several workers.
    """
    context = _replica_context()
    if context is None or _number_of_workers(context.strategy) == 1:
        return logs
    return {name: ops.reshape(value, (1,)) for name, value in logs.items()}


def after(tensors: Any) -> Any:
    """Returns a context whose operations wait for some tensors.

    TensorFlow orders operations by their inputs. A step counter has no inputs, and would count even after the
    data have ended.

    Args:
        tensors: Any structure of tensors.
    """
    return tf.control_dependencies(
        [item for item in tf.nest.flatten(tensors) if tf.is_tensor(item)]
    )


def draw_rows(draw: Callable[[Any], Any], rows: Any) -> Any:
    """Draws for the whole global batch and keeps this replica's rows.

    A Keras `SeedGenerator` gives the same numbers on every replica. Each replica draws for the global batch
    and keeps its own rows. So N replicas see the same draws as a single device.

    Args:
        draw: A function of a number of rows. Returns a tensor `(rows, ...)`.
        rows: How many rows this replica needs: an integer or a scalar tensor. It can be 0.

    Returns:
        Tensor `(rows, ...)`.
    """
    if number_of_replicas() == 1:
        return draw(rows)
    first, count = _place(rows)
    return tf.nest.map_structure(lambda tensor: tensor[first : first + rows], draw(count))


def first_row(rows: Any) -> Any:
    """Returns the position of this replica's first row in the global batch; 0 without a strategy.

    Args:
        rows: How many rows this replica has: an integer or a scalar tensor.
    """
    return 0 if number_of_replicas() == 1 else _place(rows)[0]


def _place(rows: Any) -> tuple[Any, Any]:
    """Returns two counts: the rows of the replicas before this one, and the rows of all replicas."""
    context = _replica_context()
    replica = context.replica_id_in_sync_group
    # 64 bits, because a GPU holds such integers in its own memory.
    own = tf.one_hot(replica, context.num_replicas_in_sync, dtype=tf.int64)
    counts = context.all_reduce(tf.distribute.ReduceOp.SUM, own * tf.cast(rows, tf.int64))
    counts = tf.cast(counts, tf.int32)
    return tf.reduce_sum(counts[:replica]), tf.reduce_sum(counts)


def parts_of_means(means: Sequence[Any], weights: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Returns this replica's parts of means over all replicas. Differentiable.

    Without a strategy these are the means themselves.

    Args:
        means: Scalars. Each is a mean of this replica's values, and may be NaN if it has none.
        weights: The weight of each mean on this replica, such as the number of rows.

    Returns:
        `(parts, weights)`: the sum of the parts over the replicas is the mean; the weights are those of all
        replicas together. A mean without weight on any replica is 0.
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
    """Returns this replica's gradients, or 0 if it has no rows: then a layer may have returned NaN.

    Args:
        gradients: The gradients. `None` stands for no gradient.
        rows: How many rows this replica has.
    """
    if number_of_replicas() == 1:
        return list(gradients)
    some = ops.cast(rows, "int32") > 0
    return [None if each is None else ops.where(some, each, 0.0) for each in gradients]


def is_first_replica() -> bool:
    """Tells whether this replica runs before the others. Always true without a strategy."""
    context = _replica_context()
    return context is None or tf.get_static_value(context.replica_id_in_sync_group) == 0


def assign_on_replicas(variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Assigns values that are equal on all replicas to variables that Keras made for weights.

    Such variables cannot combine assignments of several replicas. So the assignments are made for all
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
    """Runs a function if a condition holds. The condition must be equal on all replicas.

    Inside a replica, a condition may not contain an operation of all replicas together, such as an
    optimizer's step. Here the condition is checked once for all replicas, outside of them.
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
    """Sums a tensor over the replicas. Differentiable. Without a strategy, returns the tensor."""
    if number_of_replicas() == 1:
        return value
    return _replica_context().all_reduce(tf.distribute.ReduceOp.SUM, ops.convert_to_tensor(value))


def all_replicas_mean(value: Any, weight: Any = None) -> Any:
    """Averages a tensor over the replicas. Differentiable. Without a strategy, returns the tensor.

    Args:
        value: The tensor.
        weight: The weight of this replica's value, such as its number of rows. A value of weight 0 may be
            NaN. Defaults to `None`: all values have the same weight.
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
    """Averages rows `(rows, ...)` over the global batch, or returns 0 without rows. Differentiable.

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
    """Returns the rows of all replicas, for a term that compares each example with all others.

    Differentiable. Without a strategy, returns the rows themselves.
    """
    context = _replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_gather(value, axis=0)


def roll_rows(value: Any) -> Any:
    """Returns, for each row, the row before it in the global batch; for the first row, the last one.

    N replicas see the same as a single device. That holds in an evaluation too, where the last replicas may
    have fewer rows or none.

    Args:
        value: Tensor `(rows, ...)`.
    """
    context = _replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return ops.roll(value, 1, axis=0)
    # Only the first row comes from another replica. It is the last row of the replica before.
    last_rows = ops.roll(context.all_gather(value[-1:], axis=0), 1, axis=0)
    replica = context.replica_id_in_sync_group
    return ops.concatenate([last_rows[replica : replica + 1], value[:-1]], axis=0)
