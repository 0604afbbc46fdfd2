"""Groups training data into rounds. A round has the minibatches for all turns of a training step.

An incomplete last round is left out. All minibatches of a round have the same size. If the last batch of the
data is smaller, the others of its round are cut to its size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

from kerasgan.backend import is_tensorflow_dataset, number_of_elements
from kerasgan.datasets.array_batches import Order


def number_of_batches(data: Any) -> int | None:
    """Returns how many batches a data set has; `None` if it does not know or has no end."""
    if isinstance(data, keras.utils.PyDataset):
        return data.num_batches
    return number_of_elements(data) if is_tensorflow_dataset(data) else None


def interleave(minibatches: Any) -> Any:
    """Joins minibatches so that `rows[step::steps]` is minibatch `step` again.

    The rows of a minibatch are spread evenly. A strategy gives each replica a contiguous share of the rows.
    So each replica gets a share of every minibatch.
    """
    size = min(len(keras.tree.flatten(minibatch)[0]) for minibatch in minibatches)

    def join(*arrays: Any) -> np.ndarray:
        stacked = np.stack([np.asarray(array)[:size] for array in arrays], axis=1)
        return stacked.reshape((-1, *stacked.shape[2:]))

    return keras.tree.map_structure(join, *minibatches)


def iterator_rounds(batches: Iterable[Any], steps: int) -> Iterator[Any]:
    """Groups the batches of a generator."""
    group: list[Any] = []
    for batch in batches:
        # From a generator, Keras accepts only tuples.
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
        """Uses the order of another epoch for the data set's batches from now on."""
        batches = self.dataset.num_batches
        # An array, because the data set may be copied to other processes, and the order's seed cannot.
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
