"""Checks of arrays before their values are used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasgan.arguments import counted


def is_array(x: Any) -> bool:
    """Tells whether data is an array (of any framework), or a dictionary of arrays.

    Anything else is a source of batches.
    """
    if isinstance(x, Mapping):
        return bool(x) and all(map(is_array, x.values()))
    return hasattr(x, "shape") and hasattr(x, "dtype") and hasattr(x, "__len__")


def count_of(x: Any) -> int:
    """Returns how many examples an array or a dictionary of arrays has."""
    return len(next(iter(x.values())) if isinstance(x, Mapping) else x)


def cut(x: Any, rows: slice) -> Any:
    """Returns some rows of an array or of a dictionary of arrays."""
    return {name: each[rows] for name, each in x.items()} if isinstance(x, Mapping) else x[rows]


def as_array(x: Any, argument: str = "x") -> Any:
    """Returns numbers of any kind (lists, data frames, other libraries' arrays) as a NumPy array.

    Anything else is returned as it is. A column of a data frame becomes an array of shape `(rows, 1)`, as in
    Keras.

    Args:
        x: The numbers.
        argument: The name of the argument that they came in. Defaults to `"x"`.

    Raises:
        ValueError: If the items of a list have different shapes.
    """
    if isinstance(x, Mapping):
        return {name: as_array(each, argument) for name, each in x.items()}
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
            f"Invalid value for argument `{argument}`. Expected samples of one shape. Samples and their "
            f"conditions are two arguments, `x` and `y`. Received: {type(x).__name__} of {len(x)}, with "
            f"shapes {shapes}{' and so on' if len(x) > 2 else ''}"
        ) from error


def check_array(argument: str, array: Any, shape: Sequence[int | None] | None) -> None:
    """Raises if an array's examples do not have a given shape, or are not all finite.

    Args:
        argument: The argument's name.
        array: An array `(examples, ...)`.
        shape: The shape of one example. Its `None` entries can be of any size. `None` accepts any shape.

    Raises:
        ValueError: The message names the argument, what was expected and what was received.
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
    # If any value is NaN or infinite, so is the minimum or the maximum. They need no copy of the data.
    is_float = np.issubdtype(values.dtype, np.floating) and values.size
    if is_float and not (np.isfinite(values.min()) and np.isfinite(values.max())):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected finite numbers. "
            "Received: NaN or infinite values"
        )


def check_conditions(
    argument: str, condition: np.ndarray, count: int, shape: Sequence[int | None]
) -> np.ndarray:
    """Returns conditions of `count` examples, or raises if their number or shape is wrong.

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


def fits(received: Sequence[int | None], expected: Sequence[int | None]) -> bool:
    """Tells whether two shapes can be equal. `None` stands for any size."""
    return len(received) == len(expected) and all(
        a is None or b is None or a == b for a, b in zip(received, expected, strict=True)
    )
