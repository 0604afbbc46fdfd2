"""Normalization of data that can be inverted."""

from __future__ import annotations

import abc
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerasgan import registry
from kerasgan.arguments import invalid, non_negative_number, number
from kerasgan.datasets._arrays import finite_array, in_float64

_FAR = 64.0
_HELD_BY_FLOAT32 = frozenset(
    (tf.float32, tf.float16, tf.bfloat16, tf.uint8, tf.int8, tf.uint16, tf.int16, tf.bool)
)


class Normalization(abc.ABC):
    """A linear map of data, `(x - offset) / scale`, that can be inverted.

    It is computed in float64, because float32 has only about 7 digits. So data that are far from 0 compared
    with their spread, such as times in seconds, keep their digits.

    Constant data have no spread to divide by. They are shifted and not scaled, so that they stay finite and
    invert to themselves.

    A subclass writes two methods: `_measure` takes the parameters from data, and `_offset_and_scale` computes
    the map from the parameters.
    """

    def __init__(self, images: bool | None = None, **parameters: float | None) -> None:
        if images is not None and not isinstance(images, bool):
            raise invalid("images", images, "True, False or None")
        self._images = images
        given = [value for value in parameters.values() if value is not None]
        if given and len(given) != len(parameters):
            raise ValueError(
                f"Invalid value for arguments {_names(parameters)}. Expected all of them, or none "
                f"to fit them to data. Received: {_values(parameters)}"
            )
        self._parameters: dict[str, float | None] = {
            name: None if value is None else number(name, value)
            for name, value in parameters.items()
        }

    @property
    def is_fitted(self) -> bool:
        """Whether the parameters are known."""
        return None not in self._parameters.values()

    @property
    def images(self) -> bool:
        """Whether the data, before normalization, are images from 0 to 255."""
        if self._images is not None:
            return self._images
        return self._parameters == {"low": 0, "high": 255}

    @property
    def value_range(self) -> tuple[float, float] | None:
        """The values of black and white in the units of the data, or `None` if they are not known."""
        return (0.0, 255.0) if self.images else None

    def fit(self, array: Any) -> Normalization:
        """Computes the parameters from data.

        Args:
            array: Numbers of any shape, without NaN and infinities.

        Returns:
            The normalization itself.

        Raises:
            ValueError: If the data is empty or not finite.
        """
        measured = self._measure(finite_array("array", array))
        self._parameters = {name: float(value) for name, value in measured.items()}
        return self

    def __call__(self, x: Any) -> Any:
        """Normalizes data.

        Args:
            x: Data in their own units: an array or tensor of any shape, also inside `tf.data`.

        Returns:
            float32 array or tensor of the same shape.
        """
        offset, scale = self._map()
        if tf.is_tensor(x):
            # Converters for devices know no float64, so it is used where it makes a difference alone.
            near = self.dtype == "float32" and x.dtype in _HELD_BY_FLOAT32
            wide = tf.cast(x, tf.float32 if near else tf.float64)
            return tf.cast((wide - offset) / scale, tf.float32)
        return in_float64(x, lambda part: (part - offset) / scale, np.float32)

    def invert(self, y: Any) -> Any:
        """Undoes the normalization.

        Args:
            y: Normalized data: array or tensor of any shape.

        Returns:
            Array or tensor of the same shape and of the type `dtype`, in the units of the data.
        """
        offset, scale = self._map()
        if tf.is_tensor(y):
            return tf.cast(y, self.dtype) * scale + offset
        return in_float64(y, lambda part: part * scale + offset, np.dtype(self.dtype))

    @property
    def dtype(self) -> str:
        """The type of data in their own units: `"float32"`, or `"float64"` if they are far from 0.

        It is `"float64"` if the map's offset is more than 64 times its scale. With float32, the rounding
        error of the data would then be more than a 260,000th of their spread.
        """
        offset, scale = self._map()
        return "float64" if abs(offset) > _FAR * scale else "float32"

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make this normalization again."""
        # Not where it was left out, as in files of 0.1.
        images = {} if self._images is None else {"images": self._images}
        return {**self._parameters, **images}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Normalization:
        """Makes a normalization from the arguments that `get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_values(self.get_config())})"

    def _map(self) -> tuple[float, float]:
        fitted = {name: value for name, value in self._parameters.items() if value is not None}
        if len(fitted) < len(self._parameters):
            raise ValueError(
                f"{type(self).__name__} has not been fitted. Call `fit(array)` first, or make it "
                f"with the arguments {_names(self._parameters)}."
            )
        offset, scale = self._offset_and_scale(**fitted)
        return offset, scale or 1.0

    @abc.abstractmethod
    def _measure(self, array: np.ndarray) -> dict[str, float]: ...

    @abc.abstractmethod
    def _offset_and_scale(self, **parameters: float) -> tuple[float, float]: ...


@keras.saving.register_keras_serializable(package="kerasgan")
class ZScore(Normalization):
    """Normalizes data to mean 0 and standard deviation 1.

    Args:
        mean: Mean of the data, or `None` to `fit` it. Defaults to `None`.
        stddev: Standard deviation of the data, not negative, or `None` to `fit` it. Defaults to
            `None`.
        images: Whether the data are images from 0 to 255. Samples are then turned back into uint8 images.
            Defaults to `None`, no.

    Raises:
        ValueError: If only one of both numbers is given, or a number is not finite or is negative.

    Example:

    >>> normalization = ZScore().fit([1.0, 3.0])
    >>> normalization(np.array([1.0, 3.0])).tolist()
    [-1.0, 1.0]
    """

    def __init__(
        self,
        mean: float | None = None,
        stddev: float | None = None,
        images: bool | None = None,
    ) -> None:
        super().__init__(images, mean=mean, stddev=stddev)
        if stddev is not None:
            non_negative_number("stddev", stddev)

    def _measure(self, array: np.ndarray) -> dict[str, float]:
        # float64, because a float32 sum over a whole data set loses digits. The spread of constant
        # data is set to 0: rounding of the mean could leave a tiny number to divide by.
        stddev = 0.0 if array.min() == array.max() else array.std(dtype=np.float64)
        return {"mean": array.mean(dtype=np.float64), "stddev": stddev}

    def _offset_and_scale(self, **parameters: float) -> tuple[float, float]:
        return parameters["mean"], parameters["stddev"]


class _Range(Normalization):
    def __init__(
        self, low: float | None = None, high: float | None = None, images: bool | None = None
    ) -> None:
        super().__init__(images, low=low, high=high)
        if low is not None and high is not None and low > high:
            raise ValueError(
                "Invalid value for argument `high`. Expected a number that is not below `low`. "
                f"Received: low={low!r}, high={high!r}"
            )

    @property
    def value_range(self) -> tuple[float, float] | None:
        """The ends of the data's range, which are drawn as black and white."""
        low, high = self._parameters["low"], self._parameters["high"]
        if self.images or low is None or high is None or low == high:
            return super().value_range
        return low, high

    def _measure(self, array: np.ndarray) -> dict[str, float]:
        return {"low": array.min(), "high": array.max()}


@keras.saving.register_keras_serializable(package="kerasgan")
class MinMax(_Range):
    """Normalizes data to `[0, 1]`, the range of a sigmoid.

    Args:
        low: Smallest value of the data, or `None` to `fit` it. Defaults to `None`.
        high: Largest value of the data, or `None` to `fit` it. Defaults to `None`.
        images: Whether the data are images from 0 to 255. Samples are then turned back into uint8 images.
            Defaults to `None`: yes if `low` is 0 and `high` is 255.

    Raises:
        ValueError: If only one of both numbers is given, a number is not finite, or `low` is above `high`.

    Example:

    >>> MinMax(low=0, high=255)(np.array([0, 51, 255], "uint8")).round(3).tolist()
    [0.0, 0.20000000298023224, 1.0]
    """

    def _offset_and_scale(self, **parameters: float) -> tuple[float, float]:
        return parameters["low"], parameters["high"] - parameters["low"]


@keras.saving.register_keras_serializable(package="kerasgan")
class Tanh(_Range):
    """Normalizes data to `[-1, 1]`, the range of a hyperbolic tangent.

    The map is linear. The name is the usual one for generators that end in `tanh`.

    Args:
        low: Smallest value of the data, or `None` to `fit` it. Defaults to `None`.
        high: Largest value of the data, or `None` to `fit` it. Defaults to `None`.
        images: Whether the data are images from 0 to 255. Samples are then turned back into uint8 images.
            Defaults to `None`: yes if `low` is 0 and `high` is 255.

    Raises:
        ValueError: If only one of both numbers is given, a number is not finite, or `low` is above `high`.

    Example:

    >>> normalization = Tanh(low=0, high=255)
    >>> normalization(np.array([0.0, 127.5, 255.0])).tolist()
    [-1.0, 0.0, 1.0]
    >>> normalization.invert(np.array([-1.0, 1.0])).tolist()
    [0.0, 255.0]
    """

    def _offset_and_scale(self, **parameters: float) -> tuple[float, float]:
        low, high = parameters["low"], parameters["high"]
        return (low + high) / 2, (high - low) / 2


def get(identifier: str | Normalization) -> Normalization:
    """Returns a normalization by its name, or the one given.

    Args:
        identifier: `"tanh"`, `"min_max"`, `"z_score"`, or a `Normalization`.

    Returns:
        A `Normalization`; by name, one that is not fitted yet.

    Raises:
        ValueError: If the name is unknown.
        TypeError: If it is neither a name nor a `Normalization`.

    Example:

    >>> get("tanh")
    Tanh(low=None, high=None)
    """
    known = {"min_max": MinMax, "tanh": Tanh, "z_score": ZScore}
    return registry.lookup(identifier, Normalization, known, "normalization")


def check_fitted(normalization: Any) -> Normalization:
    """Returns a normalization whose parameters are known, or raises.

    Args:
        normalization: The value of an argument `normalization`.

    Raises:
        TypeError: If it is no `Normalization`.
        ValueError: If its parameters are not known yet.
    """
    if not isinstance(normalization, Normalization):
        raise TypeError(
            "Invalid value for argument `normalization`. Expected a `kerasgan.datasets.Normalization`, such "
            f"as `dataset.normalization`. Received: normalization={normalization!r} of type "
            f"{type(normalization).__name__}"
        )
    if not normalization.is_fitted:
        raise ValueError(
            "Invalid value for argument `normalization`. Expected one that knows its parameters: call "
            f"`fit(array)` with the data first. Received: normalization={normalization!r}"
        )
    return normalization


def _names(parameters: dict[str, float | None]) -> str:
    return " and ".join(f"`{name}`" for name in parameters)


def _values(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items())
