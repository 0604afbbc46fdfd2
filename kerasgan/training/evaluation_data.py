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
    """Returns data to evaluate on. Arrays come in batches of the size that Keras uses.

    Args:
        x: Samples, as `rounds` takes them.
        y: Their conditions: an array, or `None`.
        batch_size: Rows in a batch of arrays. `None` means 32, or as many as make `steps` batches.
        steps: How many batches to evaluate on. `None` means all.
        functions: Reads the arrays. It must stay open as long as the data are used.

    Returns:
        `(data, y)`.
    """
    if is_tensorflow_dataset(x):
        # Its own seeds change in each evaluation only as far as the evaluation reads.
        return dataset_rounds(x if steps is None else x.take(steps), 1), y
    if not is_array(x):
        return x, y
    if batch_size is None:
        batch_size = -(-count_of(x) // steps) if steps else 32
    batch_size = positive_integer("batch_size", batch_size)
    return array_batches(x if y is None else (x, y), batch_size, functions), None


def most_rows(data: Any, batch_size: int | None, steps: int | None) -> int | None:
    """Returns the largest number of rows that data to evaluate on can have; `None` if not known."""
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
