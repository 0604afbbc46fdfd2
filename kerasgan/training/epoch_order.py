from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np

from kerasgan.backend import is_tensorflow_dataset
from kerasgan.training.rounds import (
    PyDatasetRounds,
    number_of_batches,
)


class EpochOrder(keras.callbacks.Callback):
    """Gives data a new order in each epoch, from a seed that is saved with the model.

    It orders the rows of arrays and the batches of a `keras.utils.PyDataset`. A `tf.data.Dataset` and a
    generator have their own order.

    Args:
        seed: The model's `SeedGenerator` for the order of its data.
        shuffle: Whether to shuffle at all.
        endless: Whether passes over arrays go on without an end, independent of epochs.
    """

    def __init__(self, seed: keras.random.SeedGenerator, shuffle: bool, endless: bool) -> None:
        super().__init__()
        self.seed = seed
        self.shuffle = shuffle
        self.endless = endless
        self.data: Any = None
        self._key: list[int] = [0, 0]
        self._opened_with: list[int] | None = None
        self._is_restored = False

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Draws the epoch's key."""
        if not self._is_restored:
            self._key = [abs(int(part)) for part in keras.ops.convert_to_numpy(self.seed.next())]
        self._is_restored = False
        if isinstance(self.data, PyDatasetRounds):
            self.data.reorder(self)

    def __call__(self, count: int, number: int) -> np.ndarray:
        """Returns the order of `count` items in pass `number` of the epoch."""
        if not self.shuffle:
            return np.arange(count)
        # Data that go on beyond an epoch are read ahead. They keep the key of their first pass.
        if self._opened_with is None or not self.endless:
            self._opened_with = self._key
        return np.random.default_rng([*self._opened_with, number]).permutation(count)

    def skip_epochs(self, epochs: int, steps: int | None) -> int:
        """Brings the data to the position after a number of epochs.

        Args:
            epochs: How many epochs.
            steps: How many elements an epoch takes, or `None` if it ends with the data.

        Returns:
            How many elements of the present pass the epochs have used.
        """
        if steps is None:
            skip_passes(self.data, epochs)
            return 0
        length = number_of_batches(self.data)
        passes = used = 0
        for _ in range(epochs):
            used += steps if length is None else min(steps, length - used)
            if used == length:
                passes, used = passes + 1, 0
        is_told = isinstance(self.data, keras.utils.PyDataset)
        skip_passes(self.data, epochs if is_told else passes)
        return used

    def release(self) -> None:
        """Drops the data and the model, which a user's callback could keep alive through the order."""
        self.data = None
        self.set_model(None)

    def capture(self) -> dict[str, np.ndarray]:
        """Returns the keys of the order as a named array."""
        return {"order": np.array([self._key, self._opened_with or self._key], dtype="int64")}

    def restore(self, saved: dict[str, np.ndarray], within_epoch: bool) -> None:
        """Continues a saved order, in the middle or at the end of its epoch."""
        self._key, self._opened_with = (list(map(int, key)) for key in saved["order"])
        self._is_restored = within_epoch


def skip_passes(data: Any, passes: int, steps: int | None = None) -> None:
    """Brings data to their state after a number of passes. Each pass changes seeds of the data.

    Args:
        data: A `tf.data.Dataset` is read. For a `keras.utils.PyDataset`, its epoch methods are called. Other
            data stay as they are.
        passes: How many passes.
        steps: How many elements of a `tf.data.Dataset` a pass takes. Defaults to `None`, all.
    """
    for _ in range(passes):
        if is_tensorflow_dataset(data):
            for _ in itertools.islice(data, steps):
                pass
        elif isinstance(data, keras.utils.PyDataset):
            data.on_epoch_begin()
            data.on_epoch_end()


def skip_evaluations(data: Any, count: int, steps: int | None) -> None:
    """Brings held-out data to their state after a number of evaluations, like `skip_passes`."""
    for _ in range(count):
        if isinstance(data, keras.utils.PyDataset):
            # Keras calls this once more before an evaluation.
            data.on_epoch_end()
        skip_passes(data, 1, steps)
