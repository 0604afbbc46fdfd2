"""Prepares data to evaluate on."""

from __future__ import annotations

from typing import Any

import keras

from kerasgan.arguments import positive_integer
from kerasgan.arrays import count_of, is_array
from kerasgan.backend import dataset_rounds, is_tensorflow_dataset
from kerasgan.datasets.array_batches import array_batches
from kerasgan.datasets.python_functions import PythonFunctions
from kerasgan.training.rounds import number_of_batches
from kerasgan.training.training_data import first_element


def held_out(
    x: Any, y: Any, batch_size: int | None, steps: int | None, functions: PythonFunctions
) -> tuple[Any, Any]:
    """Returns data to evaluate on, arrays in batches of the size that Keras takes.

    Args:
        x: Samples, as `rounds` takes them.
        y: Their conditions, an array, or `None`.
        batch_size: Rows in a batch of arrays. `None` means 32, or as many as make `steps` batches.
        steps: How many batches to evaluate on. `None` means all.
        functions: What reads arrays, for as long as it is not closed.

    Returns:
        `(data, y)`.
    """
    if is_tensorflow_dataset(x):
        # Seeds of its own move in each evaluation as far as that reads, and no further.
        return dataset_rounds(x if steps is None else x.take(steps), 1), y
    if not is_array(x):
        return x, y
    if batch_size is None:
        batch_size = -(-count_of(x) // steps) if steps else 32
    batch_size = positive_integer("batch_size", batch_size)
    return array_batches(x if y is None else (x, y), batch_size, functions), None


def most_rows(data: Any, batch_size: int | None, steps: int | None) -> int | None:
    """Returns how many rows data to evaluate on have at most; `None` where nobody knows."""
    if is_array(data):
        rows: int | None = count_of(data)
        of_batch = batch_size
    else:
        parts = keras.tree.flatten(first_element(data))
        shape = getattr(parts[0], "shape", None)
        batches, of_batch = number_of_batches(data), shape[0] if shape else None
        rows = None if batches is None or of_batch is None else batches * of_batch
    limits = [rows, steps * of_batch if steps and of_batch else None]
    return min((limit for limit in limits if limit is not None), default=None)
