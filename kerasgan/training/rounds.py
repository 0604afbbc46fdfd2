"""Groups any training data into rounds: the minibatches that the turns of one training step need.

An incomplete last round is left out. The minibatches of a round are equally large: where the data's last
batch is a smaller one, the others of its round are cut to its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasgan.datasets.array_batches import Order


def is_tensorflow_dataset(data: Any) -> bool:
    """Tells whether data is a `tf.data.Dataset`."""
    return isinstance(data, tf.data.Dataset)


def element_of(dataset: tf.data.Dataset) -> Any:
    """Returns the specification of a data set's elements."""
    return dataset.element_spec


def number_of_batches(data: Any) -> int | None:
    """Returns how many batches a data set has; `None` where it does not know or has no end."""
    if isinstance(data, keras.utils.PyDataset):
        return data.num_batches
    batches = int(data.cardinality()) if is_tensorflow_dataset(data) else -1
    return batches if batches >= 0 else None


def is_endless(data: Any) -> bool:
    """Tells whether a data set is known to have no end."""
    return is_tensorflow_dataset(data) and int(data.cardinality()) == tf.data.INFINITE_CARDINALITY


def interleave(minibatches: Any) -> Any:
    """Joins minibatches so that `rows[step::steps]` is minibatch `step` again.

    Rows that belong to one minibatch are spread evenly. A strategy that hands each replica a contiguous
    share of the rows thereby hands it a share of every minibatch.
    """
    size = min(len(keras.tree.flatten(minibatch)[0]) for minibatch in minibatches)

    def join(*arrays: Any) -> np.ndarray:
        stacked = np.stack([np.asarray(array)[:size] for array in arrays], axis=1)
        return stacked.reshape((-1, *stacked.shape[2:]))

    return keras.tree.map_structure(join, *minibatches)


def dataset_rounds(dataset: tf.data.Dataset, steps: int) -> tf.data.Dataset:
    """Groups the batches of a `tf.data.Dataset`, without reading any ahead of time.

    A pass over the data begins when its first round is asked for, not when Keras makes an iterator, which
    it does more often. So the seeds of a data set's own shuffling move once in each pass.
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

    # Padding lets batches of different sizes meet in one tensor; `join` cuts it off again.
    grouped = dataset.map(with_size).padded_batch(steps, drop_remainder=True)
    return grouped.map(join)


def iterator_rounds(batches: Iterable[Any], steps: int) -> Iterator[Any]:
    """Groups the batches of a generator."""
    group: list[Any] = []
    for batch in batches:
        # Keras takes tuples alone from a generator.
        group.append(tuple(batch) if isinstance(batch, (list, tuple)) else (batch,))
        if len(group) == steps:
            yield interleave(group)
            group = []


class PyDatasetRounds(keras.utils.PyDataset):
    """Groups the batches of a `keras.utils.PyDataset`.

    Args:
        dataset: The data set to group.
        steps: Minibatches in a round.
    """

    def __init__(self, dataset: keras.utils.PyDataset, steps: int) -> None:
        super().__init__(
            workers=dataset.workers,
            use_multiprocessing=dataset.use_multiprocessing,
            max_queue_size=dataset.max_queue_size,
        )
        self.dataset = dataset
        self.steps = steps
        self._order: np.ndarray | None = None

    def reorder(self, order: Order) -> None:
        """Takes the data set's batches in the order of another epoch from now on."""
        batches = self.dataset.num_batches
        # An array: the data set may be copied to other processes, where the order's seed cannot go.
        self._order = None if batches is None else order(batches, 0)

    @property
    def num_batches(self) -> int | None:
        """How many rounds there are; `None` for an endless data set."""
        batches = self.dataset.num_batches
        return None if batches is None else batches // self.steps

    def __getitem__(self, index: int) -> Any:
        """Returns one round."""
        numbers = range(index * self.steps, (index + 1) * self.steps)
        batches = [
            self.dataset[number if self._order is None else int(self._order[number])]
            for number in numbers
        ]
        return batches[0] if self.steps == 1 else interleave(batches)

    def on_epoch_begin(self) -> None:
        """Tells the data set."""
        self.dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Tells the data set."""
        self.dataset.on_epoch_end()
