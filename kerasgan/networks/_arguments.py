"""Checks that the builders of networks share."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import keras


def shape_tuple(name: str, shape: Any, rank: int | None = None) -> tuple[int, ...]:
    """Returns a shape without its batch as a tuple, or says in which argument it is none."""
    if isinstance(shape, numbers.Integral) and not isinstance(shape, bool):
        shape = (int(shape),)
    valid = (
        isinstance(shape, (tuple, list))
        and all(
            isinstance(size, numbers.Integral) and not isinstance(size, bool) and int(size) > 0
            for size in shape
        )
        and (rank is None or len(shape) == rank)
    )
    if not valid:
        kind = "positive integers" if rank is None else f"{rank} positive integers"
        example = " (height, width, channels)" if rank == 3 else ", the shape without the batch"
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected {kind}{example}. "
            f"Received: {name}={shape!r}"
        )
    return tuple(int(size) for size in shape)


def positive_integer(name: str, value: Any) -> int:
    """Returns a positive integer, or says that the argument is not one."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected a positive integer. "
            f"Received: {name}={value!r}"
        )
    return int(value)


def one_of(name: str, value: Any, choices: Sequence[Any]) -> None:
    """Says that the argument is not one of the choices, if so."""
    if not any(value is choice or value == choice for choice in choices):
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected one of {list(choices)}. "
            f"Received: {name}={value!r}"
        )


def rate(name: str, value: Any) -> float:
    """Returns a number in [0, 1), or says that the argument is not one."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= float(value) < 1:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected a number in [0, 1). "
            f"Received: {name}={value!r}"
        )
    return float(value)


def initializer_factory(identifier: Any) -> Callable[[], Any]:
    """Returns a function that makes an initializer for each layer.

    One object without a seed draws the same numbers each time: two layers of one shape that share
    it would start with equal weights.
    """
    initializer = keras.initializers.get(identifier)

    def make() -> Any:
        if isinstance(initializer, keras.initializers.Initializer):
            return type(initializer).from_config(initializer.get_config())
        return initializer

    return make
