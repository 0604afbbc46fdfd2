"""Questions to a `tf.data.Dataset`, and its batches grouped into rounds."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def is_tensorflow_dataset(data: Any) -> bool:
    """Tells whether data is a `tf.data.Dataset`."""
    return isinstance(data, tf.data.Dataset)


def number_of_elements(dataset: tf.data.Dataset) -> int | None:
    """Returns how many elements a data set has; `None` if it does not know or has no end."""
    elements = int(dataset.cardinality())
    return elements if elements >= 0 else None


def is_endless(data: Any) -> bool:
    """Tells whether it is known that data have no end."""
    return is_tensorflow_dataset(data) and int(data.cardinality()) == tf.data.INFINITE_CARDINALITY


def dataset_rounds(dataset: tf.data.Dataset, steps: int) -> tf.data.Dataset:
    """Groups the batches of a `tf.data.Dataset` into rounds, and reads none of them early.

    A pass over the data begins when its first round is read, not when Keras makes an iterator. Keras makes
    more iterators than there are passes. So the seeds of a data set's own shuffling change once in each pass.
    """
    grouped = dataset if steps == 1 else _grouped(dataset, steps)
    rounds = tf.data.Dataset.from_tensors(0).flat_map(lambda _: grouped)
    cardinality = grouped.cardinality()
    if cardinality != tf.data.UNKNOWN_CARDINALITY:
        rounds = rounds.apply(tf.data.experimental.assert_cardinality(cardinality))
    return rounds.prefetch(tf.data.AUTOTUNE)


def _grouped(dataset: tf.data.Dataset, steps: int) -> tf.data.Dataset:

    def with_size(*batch: Any) -> Any:
        batch = batch[0] if len(batch) == 1 else batch
        return batch, tf.shape(tf.nest.flatten(batch)[0])[0]

    def join(batches: Any, sizes: Any) -> Any:
        def interleaved(stacked: Any) -> Any:
            cut = stacked[:, : tf.reduce_min(sizes)]
            swapped = tf.transpose(cut, [1, 0, *range(2, stacked.shape.rank)])
            return tf.reshape(swapped, tf.concat([[-1], tf.shape(stacked)[2:]], axis=0))

        return tf.nest.map_structure(interleaved, batches)

    # Padding puts batches of different sizes into one tensor. `join` cuts it off again.
    grouped = dataset.map(with_size).padded_batch(steps, drop_remainder=True)
    return grouped.map(join)
