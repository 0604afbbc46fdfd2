"""The parts of a game's data: samples, conditions, latent samples, codes. Each is a tensor or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import invalid
from kerasgan.arrays import check_array, check_conditions, fits


@dataclass(frozen=True)
class IntegerRange:
    """The integers that labels can be.

    Attributes:
        lowest: The lowest.
        highest: The highest.
        meaning: What the lowest integer means, for error messages. Defaults to no text.
    """

    lowest: int
    highest: int
    meaning: str = ""

    def check(self, argument: str, array: np.ndarray) -> np.ndarray:
        """Returns an array, or raises if one of its values is not in the range."""
        lowest, highest = (array.min(), array.max()) if array.size else (self.lowest, self.lowest)
        is_whole = array.dtype.kind in "iub" or np.array_equal(array, np.floor(array))
        if not is_whole or lowest < self.lowest or highest > self.highest:
            meaning = f" ({self.meaning})" if self.meaning else ""
            raise ValueError(
                f"Invalid value for argument `{argument}`. Expected integers from {self.lowest}{meaning} to "
                f"{self.highest}. Received: {array.dtype} from {lowest} to {highest}"
            )
        return array

    def holds(self, tensor: Any) -> Any:
        """Returns a scalar: whether all values of a tensor are in the range."""
        inside = ops.logical_and(tensor >= self.lowest, tensor <= self.highest)
        if keras.backend.is_float_dtype(tensor.dtype):
            inside = ops.logical_and(inside, ops.equal(tensor, ops.floor(tensor)))
        return ops.all(inside)

    def cut(self, tensor: Any) -> Any:
        """Returns a tensor with its values clipped to the range."""
        return ops.clip(tensor, self.lowest, self.highest)


@dataclass(frozen=True)
class Part:
    """A description of one part of a game's data.

    Attributes:
        specification: The shape and dtype of a batch: a `keras.KerasTensor`, or a dictionary of them.
        ranges: The integers that labels can be, by the name of the tensor (`""` if there is only one).
            Defaults to none: any numbers.
        default: The value of each row if the user gives none. Defaults to `None`: the part is required.
        advice: Text for the error if there are more or fewer rows than samples: what to do. Defaults to no
            text.
        value_range: The lowest and highest value that the model which makes this part can return. Defaults to
            `None`: not known.
    """

    specification: Any
    ranges: Mapping[str, IntegerRange] = field(default_factory=dict)
    default: Any = None
    advice: str = ""
    value_range: tuple[float, float] | None = None

    @property
    def leaves(self) -> list[keras.KerasTensor]:
        """The specification of each tensor, in the order of their names in a sub-model."""
        return self.flat(self.specification)

    @property
    def names(self) -> list[str] | None:
        """The names of the tensors; `None` if there is only one."""
        return list(self.specification) if isinstance(self.specification, Mapping) else None

    def flat(self, value: Any) -> list[Any]:
        """Returns the tensors of a value, in order."""
        return [value] if self.names is None else [value[name] for name in self.names]

    def packed(self, tensors: Sequence[Any]) -> Any:
        """Returns the value made of these tensors. The reverse of `flat`."""
        return tensors[0] if self.names is None else dict(zip(self.names, tensors, strict=True))

    def map(self, function: Callable[..., Any], *values: Any) -> Any:
        """Applies a function to each tensor of a value, or of several values at once."""
        return self.packed([function(*each) for each in zip(*map(self.flat, values), strict=True)])

    def batch(self, dtype: str | None = None) -> Part:
        """Returns the part for batches of any size, with floating-point numbers in Keras's type."""

        def free(item: keras.KerasTensor) -> keras.KerasTensor:
            kind = dtype or (
                keras.config.floatx() if keras.backend.is_float_dtype(item.dtype) else item.dtype
            )
            return keras.KerasTensor((None, *item.shape[1:]), kind)

        return replace(self, specification=self.map(free, self.specification))

    def arrays(self, argument: str, value: Any) -> Any:
        """Returns samples, latent samples or codes as arrays, or raises if they do not fit."""

        def checked(name: str, item: keras.KerasTensor, given: Any) -> np.ndarray:
            array = np.asarray(given, keras.config.floatx())
            check_array(name, array, item.shape[1:])
            return array

        return self._each(argument, value, checked)

    def check_arrays(self, argument: str, value: Any) -> None:
        """Raises if training samples do not have the part's shapes, or are not all finite."""
        self._each(argument, value, lambda name, item, x: check_array(name, x, item.shape[1:]))

    def check_range(self, argument: str, values: Any) -> None:
        """Raises if the model that makes samples cannot reach the mean of training samples.

        Args:
            argument: The argument's name.
            values: Some of the samples, an array.
        """
        if self.value_range is None or not np.size(values):
            return
        low, high = self.value_range
        mean = float(np.mean(values, dtype="float64"))
        if low <= mean <= high:
            return
        scaled = "x / 127.5 - 1" if low < 0 else "x / 255"
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected values from {low:g} to {high:g}: the last "
            "activation of the model that makes samples gives no others. "
            f"Received: values from {np.min(values):g} to {np.max(values):g}, {mean:.4g} on average. "
            f"Bring pictures of 0 to 255 there with `{scaled}`, or leave the activation out"
        )

    def conditions(self, argument: str, value: Any, count: int, single: bool = True) -> Any:
        """Returns conditions as arrays, one for each of `count` samples. Raises if they do not fit.

        Args:
            argument: The argument's name.
            value: Conditions, or `None` if the part has a default.
            count: How many there must be.
            single: Whether a single condition is accepted for all samples. Defaults to `True`.
        """
        if value is None and self.default is not None:
            return self.map(
                lambda item: np.full((count, *item.shape[1:]), self.default, item.dtype),
                self.specification,
            )

        def checked(name: str, item: keras.KerasTensor, given: Any) -> np.ndarray:
            array, shape = np.asarray(given), tuple(item.shape[1:])
            if single and fits(array.shape, shape):
                array = np.broadcast_to(array, (count, *array.shape))
            if self.advice and array.ndim and len(array) != count:
                raise ValueError(
                    f"Invalid value for argument `{name}`. Expected {count}, as many as samples. Received: "
                    f"{len(array)}. {self.advice}"
                )
            array = check_conditions(name, array, count, shape)
            return array

        return self._in_range(argument, self._each(argument, value, checked))

    def played(self, value: Any) -> tuple[Any, Any]:
        """Clips conditions to their ranges in a graph, and returns them and whether all were in range.

        A graph cannot raise an error, and on a GPU, a label out of range would be looked up as zeros.
        """
        if not self.ranges:
            return value, None
        ranges = [self.ranges.get(name) for name in self.names or [""]]
        pairs = list(zip(self.flat(value), ranges, strict=True))
        held = [each.holds(tensor) for tensor, each in pairs if each is not None]
        cut = [
            tensor if own is None else _as_integers(ops.cast, own.cut(tensor), item)
            for (tensor, own), item in zip(pairs, self.leaves, strict=True)
        ]
        return self.packed(cut), ops.all(ops.stack(held))

    def _in_range(self, argument: str, value: Any) -> Any:
        """Returns conditions as arrays, or raises if a label is not an integer in its range."""
        names = self.names or [""]
        arrays = []
        for name, item, array in zip(names, self.leaves, self.flat(value), strict=True):
            own = self.ranges.get(name)
            if own is None and keras.backend.is_int_dtype(item.dtype):
                limits = np.iinfo(item.dtype)
                own = IntegerRange(int(limits.min), int(limits.max))
            called = f"{argument}[{name!r}]" if name else argument
            checked = array if own is None else own.check(called, array)
            arrays.append(_as_integers(np.ndarray.astype, checked, item))
        return self.packed(arrays)

    def _each(self, argument: str, value: Any, checked: Callable[..., Any]) -> Any:
        if self.names is None:
            if isinstance(value, Mapping):
                raise invalid(argument, sorted(value), "one array, not a dictionary")
            return checked(argument, self.specification, value)
        if not isinstance(value, Mapping) or set(value) != set(self.names):
            received = sorted(value) if isinstance(value, Mapping) else type(value).__name__
            raise invalid(argument, received, f"a dictionary of {self.names}")
        return {
            name: checked(f"{argument}[{name!r}]", self.specification[name], value[name])
            for name in self.names
        }


def _as_integers(cast: Callable[..., Any], value: Any, item: keras.KerasTensor) -> Any:
    """Returns whole floating-point numbers as integers, if the model takes integers."""
    is_float = keras.backend.is_float_dtype(keras.backend.standardize_dtype(value.dtype))
    return cast(value, item.dtype) if is_float and keras.backend.is_int_dtype(item.dtype) else value


def rows_of(value: Any) -> Any:
    """Returns the first tensor of a value. Its first axis is the batch."""
    return keras.tree.flatten(value)[0]


def shapes_of(part: Part) -> Any:
    """Returns the shape of an example, or the shape of each of its tensors by name."""
    return part.map(lambda item: tuple(item.shape[1:]), part.specification)


def same_shapes(one: Part, other: Part) -> bool:
    """Tells whether two parts can have the same values."""
    return one.names == other.names and all(
        fits(tuple(a.shape[1:]), tuple(b.shape[1:]))
        for a, b in zip(one.leaves, other.leaves, strict=True)
    )
