"""Random orders that the data sets share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

# What TensorFlow takes where no seed was set for all.
_WITHOUT_GLOBAL_SEED = 87654321


def random_orders(count: int, passes: int, seed: int | None) -> tf.data.Dataset:
    """Returns the indices of `count` examples in `passes` random orders, one after another.

    Each epoch draws new orders. They depend only on the seed and on how many epochs were begun before.
    `shuffle().repeat()` would not do: it draws when a pass begins, which can be before the pass is used.
    """
    keys = random_keys(seed).take(passes)
    indices = tf.range(count, dtype=tf.int64)

    def order(key: tf.Tensor) -> tf.data.Dataset:
        shuffled = tf.random.experimental.stateless_shuffle(indices, [key, 0])
        return tf.data.Dataset.from_tensor_slices(shuffled)

    return keys.flat_map(order).apply(tf.data.experimental.assert_cardinality(passes * count))


def random_keys(seed: int | None) -> tf.data.Dataset:
    """Returns random whole numbers without an end, others in each epoch.

    With a seed, they depend only on the seed and on how many epochs were begun before.
    `tf.data.Dataset.random` would also use the seed of `keras.utils.set_random_seed`, which may differ in
    another script or after a change of the same one. Without a seed, only that seed counts.
    """
    if seed is None:
        return tf.data.Dataset.random(rerandomize_each_iteration=True)
    with tf.device("CPU:0"):
        variant = tf.raw_ops.RandomDatasetV2(
            seed=_WITHOUT_GLOBAL_SEED,
            seed2=int(seed),
            seed_generator=tf.raw_ops.DummySeedGenerator(),
            rerandomize_each_iteration=True,
            output_types=[tf.int64],
            output_shapes=[()],
        )
    return tf.data.experimental.from_variant(variant, tf.TensorSpec((), tf.int64))


def keyed_batches(
    order: Callable[[tf.Tensor], tf.Tensor],
    count: int,
    batch_size: int,
    seed: int | None,
    drop_remainder: bool,
) -> tf.data.Dataset:
    """Returns the rows of minibatches for one epoch. Each has its own seed for other random choices.

    Rows and seeds depend only on the seed and on how many epochs were begun before.

    Args:
        order: A function that returns the rows of an epoch for a key, a whole number that each epoch draws.
        count: How many rows there are in an epoch.
        batch_size: Rows of a minibatch.
        seed: Seed of the keys, or `None`.
        drop_remainder: Whether a last minibatch that is not full is left out.
    """
    batches = count // batch_size if drop_remainder else -(-count // batch_size)

    @tf.autograph.experimental.do_not_convert
    def epoch(key: tf.Tensor) -> tf.data.Dataset:
        numbers = tf.range(batches, dtype=tf.int64)
        seeds = tf.stack([tf.fill([batches], key), numbers], axis=1)
        rows = tf.data.Dataset.from_tensor_slices(order(key)).batch(batch_size, drop_remainder)
        return tf.data.Dataset.zip((rows, tf.data.Dataset.from_tensor_slices(seeds)))

    return (
        random_keys(seed)
        .take(1)
        .flat_map(epoch)
        .apply(tf.data.experimental.assert_cardinality(batches))
    )


def shuffled(count: int, passes: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns a function of a key that gives the numbers below `count` in `passes` random orders."""

    def order(key: tf.Tensor) -> tf.Tensor:
        return tf.reshape(tf.argsort(_draws([passes, count], key), axis=1), [-1])

    return order


def in_turn(count: int, passes: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns a function of a key that gives the numbers below `count` in their order, `passes` times."""
    return lambda key: tf.tile(tf.range(count, dtype=tf.int64), [passes])


def evenly_drawn(labels: np.ndarray, passes: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Returns a function of a key that gives as many examples of each class, in a random order.

    There are as many examples as in `passes` passes over all. If there are k classes, the first k examples
    have one of each class, and so have the next k, and so on. The examples of a class come in random orders,
    one after another.

    Args:
        labels: The class of each example.
        passes: Passes over all examples.
    """
    classes, numbers = np.unique(labels, return_inverse=True)
    total = passes * len(labels)
    each = -(-total // len(classes))
    members: list[np.ndarray] = []
    groups: list[np.ndarray] = []
    starts: list[int] = []
    for number in range(len(classes)):
        own = np.flatnonzero(numbers == number)
        orders = -(-each // len(own))
        starts.append(sum(len(part) for part in members))
        members.append(np.tile(own, orders))
        first = groups[-1][-1] + 1 if groups else 0
        groups.append(np.repeat(first + np.arange(orders), len(own)))
    every, group = np.concatenate(members), np.concatenate(groups)
    used = np.array(starts)[:, None] + np.arange(each)

    def order(key: tf.Tensor) -> tf.Tensor:
        mixed = tf.argsort(_draws([len(every)], key))
        # Stable, so that within each order of a class's members the mixture stays.
        sorted_by_group = tf.gather(mixed, tf.argsort(tf.gather(group, mixed), stable=True))
        drawn = tf.transpose(tf.gather(tf.gather(every, sorted_by_group), used))
        turns = tf.argsort(_draws([each, len(classes)], key, 1), axis=1)
        return tf.reshape(tf.gather(drawn, turns, batch_dims=1), [-1])[:total]

    return order


def _draws(shape: list[int], key: tf.Tensor, stream: int = 0) -> tf.Tensor:
    # Below 0, so that no minibatch draws from the same seed.
    seed = tf.stack([key, tf.constant(-1 - stream, tf.int64)])
    return tf.random.stateless_uniform(shape, seed, None, None, tf.int64)
