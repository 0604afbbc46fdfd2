"""Checks training data before any of it flows, and groups it into rounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import counted, positive_integer
from kerasgan.datasets.array_batches import Order, array_rounds
from kerasgan.datasets.python_functions import PythonFunctions
from kerasgan.datasets.rounds import (
    PyDatasetRounds,
    dataset_rounds,
    element_of,
    is_tensorflow_dataset,
    iterator_rounds,
    number_of_batches,
)


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
    """Returns training data of any kind with one element for each round of the game.

    Args:
        x: An array; a `tf.data.Dataset`; a `keras.utils.PyDataset`; or a generator of batches.
        y: The conditions, an array, or `None`.
        batch_size: Rows in a minibatch of arrays. `None` means 32, or fewer where there are fewer.
        steps: Minibatches in a round.
        order: The order of the rows of arrays in each pass.
        functions: What reads arrays, for as long as it is not closed.
        endless: Whether arrays are to be passed over again without an end.
        replicas: How many replicas share a minibatch of arrays.

    Raises:
        ValueError: If arrays hold fewer rows than one round needs, replicas cannot share a minibatch evenly,
            or a `batch_size` is given to data that comes in batches.
        TypeError: If the data is of none of these kinds.
    """
    if is_array(x):
        if batch_size is None:
            batch_size = max(1, min(32, len(x) // steps) // replicas) * replicas
        batch_size = positive_integer("batch_size", batch_size)
        if batch_size % replicas:
            raise ValueError(
                f"Invalid value for argument `batch_size`. Expected a multiple of {replicas}, the number of "
                f"the strategy's replicas, which share each minibatch. Received: batch_size={batch_size}"
            )
        if len(x) < batch_size * steps:
            raise ValueError(
                f"Invalid value for argument `batch_size`. Expected at most {len(x) // steps}, since a "
                f"round takes {counted(steps, 'minibatch', 'minibatches')} of the "
                f"{counted(len(x), 'example')}. "
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


def is_array(x: Any) -> bool:
    """Tells whether data is an array (of any framework) rather than a source of batches."""
    return hasattr(x, "shape") and hasattr(x, "dtype") and hasattr(x, "__len__")


def as_array(x: Any, argument: str = "x") -> Any:
    """Returns numbers of any kind (lists, data frames, other libraries' arrays) as a NumPy array.

    Anything else is returned as it is. A column of a data frame becomes an array of shape `(rows, 1)`, as in
    Keras.

    Args:
        x: The numbers.
        argument: The name of the argument that they came in. Defaults to `"x"`.

    Raises:
        ValueError: If a list's items have several shapes.
    """
    if hasattr(x, "to_numpy"):
        values = x.to_numpy()
        return values[:, None] if values.ndim == 1 else values
    is_number = isinstance(x, (list, tuple)) or (is_array(x) and hasattr(x, "__array__"))
    if not is_number:
        return x
    try:
        return np.asarray(x)
    except ValueError as error:
        shapes = [np.shape(part) for part in x[:2]]
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected samples of one shape. A pair of samples and "
            f"conditions is two arguments, `x` and `y`. Received: a {type(x).__name__} of {len(x)}, with "
            f"shapes {shapes}{' and so on' if len(x) > 2 else ''}"
        ) from error


def check_array(argument: str, array: Any, shape: Sequence[int | None] | None) -> None:
    """Raises where an array's examples do not have a shape, or are not all finite.

    Args:
        argument: The argument's name.
        array: An array `(examples, ...)`.
        shape: The shape of one example, `None` entries free; `None` to accept any.

    Raises:
        ValueError: Naming the argument, what was expected and what came.
    """
    if shape is not None and not fits(array.shape[1:], shape):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected examples of shape {tuple(shape)}. "
            f"Received: examples of shape {tuple(array.shape[1:])}"
        )
    values = np.asarray(array)
    if values.dtype.kind in "OSUMmc":
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected real numbers. "
            f"Received: {type(array).__name__} of {values.dtype}"
        )
    # The extremes are NaN or infinite where any value is, and need no copy of the data.
    is_float = np.issubdtype(values.dtype, np.floating) and values.size
    if is_float and not (np.isfinite(values.min()) and np.isfinite(values.max())):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected finite numbers. "
            "Received: NaN or infinite values"
        )


def check_conditions(
    argument: str, condition: np.ndarray, count: int, shape: Sequence[int | None]
) -> np.ndarray:
    """Returns conditions of `count` examples, or raises where their number or shape is another.

    A condition of shape `(1,)` may come without its last axis, as Keras allows for labels.
    """
    scalars = tuple(shape) in ((), (1,)) and condition.shape[1:] in ((), (1,))
    if not len(condition.shape) or not (scalars or fits(condition.shape[1:], shape)):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected conditions of shape {tuple(shape)}. "
            f"Received: shape {condition.shape[1:]}"
        )
    if len(condition) != count:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected {counted(count, 'condition')}, one for each "
            f"sample. Received: {len(condition)}"
        )
    check_array(argument, condition, None)
    return condition.reshape((count, *(1 for _ in shape))) if scalars else condition


def check_element(
    element: Any, conditional: bool, shape: Sequence[int | None], argument: str = "x"
) -> None:
    """Raises where one batch of a data set is not what a game is played on.

    Args:
        element: A batch, or its specification: `x`, `(x,)` or `(x, condition)`.
        conditional: Whether a condition belongs to it.
        shape: The shape of one example.
        argument: The name of the argument that it comes from. Defaults to `"x"`.

    Raises:
        ValueError: Naming what was expected and what came.
    """
    parts = element if isinstance(element, (list, tuple)) else (element,)
    parts = [part for part in parts if part is not None]
    if len(parts) != (2 if conditional else 1):
        expected = "(samples, conditions)" if conditional else "samples alone"
        hint = ""
        if not conditional and len(parts) == 2:
            hint = (
                ". Leave labels out, as `map(lambda x, y: x)` does, or take a game with conditions"
            )
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected elements of {expected}. "
            f"Received: elements of {counted(len(parts), 'part')}{hint}"
        )
    if isinstance(parts[0], Mapping) or getattr(parts[0], "dtype", None) in ("string", "object"):
        kind = list(parts[0]) if isinstance(parts[0], Mapping) else parts[0].dtype
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected samples as arrays of numbers. "
            f"Received: {type(parts[0]).__name__} of {kind}"
        )
    received = getattr(parts[0], "shape", None)
    if received is None:
        return
    if getattr(received, "rank", 1) is None:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected samples of shape {tuple(shape)}. "
            "Received: samples of unknown rank, which `tf.ensure_shape` in a `map` can tell"
        )
    if not fits(tuple(received)[1:], shape):
        if fits(tuple(received), shape):
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected batches of samples of shape "
                f"{tuple(shape)}. Received: single ones. Put them in batches, as `batch(batch_size)` does"
            )
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected samples of shape {tuple(shape)}. "
            f"Received: samples of shape {tuple(received)[1:]}"
        )


def checked(
    batches: Iterator[Any], conditional: bool, shape: Sequence[int | None]
) -> Iterator[Any]:
    """Gives the batches of a generator, each checked by `check_element` as it comes."""
    for batch in batches:
        check_element(batch, conditional, shape)
        yield batch


def fits(received: Sequence[int | None], expected: Sequence[int | None]) -> bool:
    """Tells whether two shapes can be equal, `None` standing for any size."""
    return len(received) == len(expected) and all(
        a is None or b is None or a == b for a, b in zip(received, expected, strict=True)
    )


def first_element(data: Any) -> Any:
    """Returns a data set's first batch or its specification; `None` where looking would use it up."""
    if isinstance(data, keras.utils.PyDataset):
        return data[0]
    return element_of(data) if is_tensorflow_dataset(data) else None


def split(x: Any, y: Any, share: float, validation_data: Any) -> tuple[Any, Any, Any]:
    """Keeps the last examples of arrays for validation.

    Returns:
        `(x, y, validation_data)`.

    Raises:
        ValueError: If the share is not in (0, 1), leaves nothing on one side, is asked of data that is no
            array, or comes beside `validation_data`.
    """
    if validation_data is not None or not is_array(x) or not 0.0 < share < 1.0:
        raise ValueError(
            "Invalid value for argument `validation_split`. Expected a share in (0, 1) of arrays, without "
            f"`validation_data`. Received: validation_split={share}, x of type {type(x).__name__}"
        )
    cut = int(len(x) * (1.0 - share))
    if not 0 < cut < len(x):
        raise ValueError(
            "Invalid value for argument `validation_split`. Expected examples on both sides. "
            f"Received: validation_split={share} of {counted(len(x), 'example')}"
        )
    if y is None:
        return x[:cut], None, x[cut:]
    return x[:cut], y[:cut], (x[cut:], y[cut:])
