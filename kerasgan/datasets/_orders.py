"""Random orders that the data sets share."""

from __future__ import annotations

import tensorflow as tf


def random_orders(count: int, passes: int, seed: int | None) -> tf.data.Dataset:
    """Returns the indices of `count` examples in `passes` random orders, one after another.

    Each epoch draws new orders. They depend on the seed and on how many epochs were begun before, and on
    nothing else: `shuffle().repeat()` draws when a pass begins, which can be ahead of what is used of it.
    """
    keys = tf.data.Dataset.random(seed, rerandomize_each_iteration=True).take(passes)
    indices = tf.range(count, dtype=tf.int64)

    def order(key: tf.Tensor) -> tf.data.Dataset:
        shuffled = tf.random.experimental.stateless_shuffle(indices, [key, 0])
        return tf.data.Dataset.from_tensor_slices(shuffled)

    return keys.flat_map(order).apply(tf.data.experimental.assert_cardinality(passes * count))
