"""Checks training data before they are used, and groups them into rounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import counted, positive_integer
from kerasgan.arrays import count_of, cut, fits, is_array
from kerasgan.backend import dataset_rounds, is_tensorflow_dataset
from kerasgan.datasets.array_batches import Order, array_rounds
from kerasgan.datasets.python_functions import PythonFunctions
from kerasgan.part import Part
from kerasgan.training.rounds import (
    PyDatasetRounds,
    iterator_rounds,
    number_of_batches,
)

# So many rows are enough to find the units of samples.
_LOOKED_AT = 256


def rounds(
    x: Any,
    y: Any,
    batch_size: int | None,
    steps: int,
    order: Order,
    functions: PythonFunctions,
    endless: bool = False,
    replicas: int = 1,
) -> Any:
    """Returns training data of any kind, with one element for each round of the game.

    Args:
        x: An array; a `tf.data.Dataset`; a `keras.utils.PyDataset`; or a generator of batches.
        y: The conditions: an array, or `None`.
        batch_size: Rows in a minibatch of arrays. `None` means 32, or fewer if there are not enough rows.
        steps: Minibatches in a round.
        order: The order of the rows of arrays in each pass.
        functions: Reads the arrays. It must stay open as long as the data are used.
        endless: Whether passes over the arrays go on without an end.
        replicas: How many replicas share a minibatch of arrays.

    Raises:
        ValueError: If arrays have fewer rows than one round needs, if replicas cannot share a minibatch
            evenly, or if you give a `batch_size` and the data come in batches.
        TypeError: If the data is of none of these kinds.
    """
    if is_array(x):
        if batch_size is None:
            batch_size = max(1, min(32, count_of(x) // steps) // replicas) * replicas
        batch_size = positive_integer("batch_size", batch_size)
        if batch_size % replicas:
            raise ValueError(
                f"Invalid value for argument `batch_size`. Expected a multiple of {replicas}, the number of "
                f"the strategy's replicas, which share each minibatch. Received: batch_size={batch_size}"
            )
        if count_of(x) < batch_size * steps:
            raise ValueError(
                f"Invalid value for argument `batch_size`. Expected at most {count_of(x) // steps}, since a "
                f"round takes {counted(steps, 'minibatch', 'minibatches')} of the "
                f"{counted(count_of(x), 'example')}. "
                f"Received: batch_size={batch_size}"
            )
        arrays = x if y is None else (x, y)
        return array_rounds(arrays, batch_size, steps, order, endless, functions)
    if batch_size is not None:
        raise ValueError(
            "Invalid value for argument `batch_size`. Expected none for data that comes in batches "
            f"({type(x).__name__}). Received: batch_size={batch_size}"
        )
    if y is not None:
        raise ValueError(
            f"Invalid value for argument `y`. Expected none beside data of type {type(x).__name__}, whose "
            f"elements hold the conditions. Received: y of type {type(y).__name__}"
        )
    if isinstance(x, Iterator):
        return iterator_rounds(x, steps)
    batches = number_of_batches(x)
    if batches is not None and batches < steps:
        raise ValueError(
            "Invalid value for argument `x`. Expected at least "
            f"{counted(steps, 'minibatch', 'minibatches')}, which one round takes. "
            f"Received: {batches}"
        )
    if is_tensorflow_dataset(x):
        return dataset_rounds(x, steps)
    if isinstance(x, keras.utils.PyDataset):
        return PyDatasetRounds(x, steps)
    raise TypeError(
        "Invalid value for argument `x`. Expected an array, a `tf.data.Dataset`, a "
        f"`keras.utils.PyDataset` or a generator. Received: {type(x).__name__}"
    )


def check_element(element: Any, samples: Part, target: Part | None, argument: str = "x") -> None:
    """Raises if a batch of a data set does not fit the game.

    Args:
        element: A batch, or its specification: `x`, `(x,)` or `(x, y)`.
        samples: The part of samples.
        target: The part of conditions or labels that comes with them; `None` for none.
        argument: The name of the argument that it comes from. Defaults to `"x"`.

    Raises:
        ValueError: The message says what was expected and what was received.
    """
    parts = element if isinstance(element, (list, tuple)) else (element,)
    parts = [part for part in parts if part is not None]
    if len(parts) != (1 if target is None else 2):
        expected = "samples alone" if target is None else "(samples, conditions)"
        hint = ""
        if target is None and len(parts) == 2:
            hint = (
                ". Leave labels out, as `map(lambda x, y: x)` does, or take a game with conditions"
            )
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected elements of {expected}. "
            f"Received: elements of {counted(len(parts), 'part')}{hint}"
        )
    _check_shapes(parts[0], samples, argument, "samples")
    check_range(parts[0], samples, argument)
    if target is not None and (target.names is not None or isinstance(parts[1], Mapping)):
        _check_shapes(parts[1], target, argument, "conditions")


def check_range(x: Any, samples: Part, argument: str = "x") -> None:
    """Raises if the model that makes samples cannot reach the mean of the training samples.

    Args:
        x: Samples: an array, whose first rows are checked; or the specification of a tensor.
        samples: The part of samples.
        argument: The name of the argument that they come from. Defaults to `"x"`.
    """
    if samples.value_range is None or samples.names is not None:
        return
    if isinstance(x, np.ndarray):
        samples.check_range(argument, x[:_LOOKED_AT])
    elif getattr(x, "dtype", None) == "uint8" and samples.value_range[0] < 0:
        # Bytes are pictures from 0 to 255. A specification does not contain values.
        samples.check_range(argument, np.array([0.0, 255.0]))


def _check_shapes(value: Any, part: Part, argument: str, kind: str) -> None:
    if part.names is not None:
        if not isinstance(value, Mapping) or set(value) != set(part.names):
            received = sorted(value) if isinstance(value, Mapping) else type(value).__name__
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected {kind} as a dictionary of {part.names}. "
                f"Received: {received}"
            )
        for name in part.names:
            _check_shapes(value[name], Part(part.specification[name]), argument, f"{kind} {name!r}")
        return
    if isinstance(value, Mapping) or getattr(value, "dtype", None) in ("string", "object"):
        of = list(value) if isinstance(value, Mapping) else value.dtype
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected {kind} as arrays of numbers. "
            f"Received: {type(value).__name__} of {of}"
        )
    shape = tuple(part.specification.shape[1:])
    found = getattr(value, "shape", None)
    if found is None:
        return
    if getattr(found, "rank", 1) is None:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected {kind} of shape {shape}. "
            f"Received: {kind} of unknown rank, which `tf.ensure_shape` in a `map` can tell"
        )
    if not fits(tuple(found)[1:], shape):
        if fits(tuple(found), shape):
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected batches of {kind} of shape {shape}. "
                "Received: single ones. Put them in batches, as `batch(batch_size)` does"
            )
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected {kind} of shape {shape}. "
            f"Received: {kind} of shape {tuple(found)[1:]}"
        )


def checked(batches: Iterator[Any], samples: Part, target: Part | None) -> Iterator[Any]:
    """Yields the batches of a generator. Each is checked by `check_element` first."""
    for batch in batches:
        check_element(batch, samples, target)
        yield batch


def first_element(data: Any) -> Any:
    """Returns a data set's first batch or its specification; `None` if reading would use it up."""
    if isinstance(data, keras.utils.PyDataset):
        return data[0]
    return data.element_spec if is_tensorflow_dataset(data) else None


def split(x: Any, y: Any, share: float, validation_data: Any) -> tuple[Any, Any, Any]:
    """Keeps the last examples of arrays for validation.

    Returns:
        `(x, y, validation_data)`.

    Raises:
        ValueError: If the share is not in (0, 1), if it leaves nothing on one side, if the data are not
            arrays, or if `validation_data` is given too.
    """
    if validation_data is not None or not is_array(x) or not 0.0 < share < 1.0:
        raise ValueError(
            "Invalid value for argument `validation_split`. Expected a share in (0, 1) of arrays, without "
            f"`validation_data`. Received: validation_split={share}, x of type {type(x).__name__}"
        )
    first = int(count_of(x) * (1.0 - share))
    if not 0 < first < count_of(x):
        raise ValueError(
            "Invalid value for argument `validation_split`. Expected examples on both sides. "
            f"Received: validation_split={share} of {counted(count_of(x), 'example')}"
        )
    trained, kept = slice(first), slice(first, None)
    if y is None:
        return cut(x, trained), None, cut(x, kept)
    return cut(x, trained), cut(y, trained), (cut(x, kept), cut(y, kept))
