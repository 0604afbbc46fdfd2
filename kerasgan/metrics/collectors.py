"""Collectors: they keep what a metric needs of the features of one side, while an evaluation runs.

Collectors hold variables, because the steps of an evaluation are compiled. These are hidden from Keras, which
does not list them among a metric's variables. After the evaluation they are of no use, and would only make
backups of a training run large.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import keras
import numpy as np
from keras import ops


class Collector(ABC):
    """Gathers the features of one side, batch by batch.

    Args:
        size: The number of features.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._variables: list[keras.Variable] = []
        self.count = self.add_variable((), "int64")

    def add_variable(self, shape: tuple[int, ...], dtype: str = "float64") -> keras.Variable:
        """Returns a new variable of zeros. All replicas gather the same rows, so one of them is read."""
        variable = keras.Variable(
            np.zeros(shape, dtype),
            dtype=dtype,
            trainable=False,
            aggregation="only_first_replica",
            synchronization="on_read",
        )
        self._variables.append(variable)
        return variable

    @abstractmethod
    def update(self, features: Any) -> None:
        """Adds a batch of features, `(rows, size)`."""

    @abstractmethod
    def read(self) -> dict[str, np.ndarray]:
        """Returns what has been gathered: `count`, and arrays that depend on the kind of collector."""

    @property
    def known_count(self) -> int:
        """The count, or 0 while a step is being compiled, when it has no value yet."""
        try:
            return int(ops.convert_to_numpy(self.count.value))
        except (NotImplementedError, TypeError):
            return 0

    def reset(self) -> None:
        """Forgets everything."""
        for variable in self._variables:
            variable.assign(ops.zeros_like(variable.value))

    def values(self, **variables: keras.Variable) -> dict[str, np.ndarray]:
        """Returns variables as arrays, and the count."""
        named = {"count": self.count, **variables}
        return {name: ops.convert_to_numpy(variable.value) for name, variable in named.items()}


class Moments(Collector):
    """The mean and the covariance, in float64.

    Batches are joined by their deviations from their own means (Chan, Golub & LeVeque 1979). With plain sums
    of squares, rounding of a large mean would hide a small variance.

    Args:
        size: The number of features.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.mean = self.add_variable((size,))
        self.scatter = self.add_variable((size, size))

    def update(self, features: Any) -> None:
        """Adds a batch of features."""
        features = ops.cast(features, "float64")
        rows = ops.cast(ops.shape(features)[0], "float64")
        before = ops.cast(self.count, "float64")
        share = ops.divide_no_nan(rows, before + rows)
        mean = ops.divide_no_nan(ops.sum(features, axis=0), rows)
        centered = features - mean
        shift = mean - self.mean
        # The shift of the mean counts as one more row. Adding its outer product would take as long again.
        rows_and_shift = ops.concatenate([centered, ops.sqrt(before * share) * shift[None]])
        self.scatter.assign_add(ops.matmul(ops.transpose(rows_and_shift), rows_and_shift))
        self.mean.assign_add(shift * share)
        self.count.assign_add(ops.cast(rows, "int64"))

    def read(self) -> dict[str, np.ndarray]:
        """Returns `count`, `mean` and `covariance` (over n - 1)."""
        values = self.values(mean=self.mean, covariance=self.scatter)
        values["covariance"] = values["covariance"] / max(int(values["count"]) - 1, 1)
        return values


class Samples(Collector):
    """The features themselves, up to a number of rows.

    Args:
        size: The number of features.
        capacity: How many rows are kept. If there are more, the first ones are kept.
        dtype: The type in which they are kept. Defaults to `"float32"`.
    """

    def __init__(self, size: int, capacity: int, dtype: str = "float32") -> None:
        super().__init__(size)
        self.capacity = capacity
        # One row more, which takes whatever there is no room for: the shapes of a compiled step are fixed.
        self.rows = self.add_variable((capacity + 1, size), dtype)

    def update(self, features: Any) -> None:
        """Adds a batch of features."""
        features = ops.cast(features, self.rows.dtype)
        count = ops.cast(ops.shape(features)[0], "int64")
        position = ops.minimum(self.count + ops.arange(count, dtype="int64"), self.capacity)
        position = ops.expand_dims(ops.cast(position, "int32"), 1)
        self.rows.assign(ops.scatter_update(self.rows.value, position, features))
        self.count.assign_add(count)

    def read(self) -> dict[str, np.ndarray]:
        """Returns `samples`; their number as `count`; and how many were `left_out`."""
        values = self.values(samples=self.rows)
        count = min(int(values["count"]), self.capacity)
        left_out = values["count"] - count
        return {
            "count": np.asarray(count),
            "left_out": left_out,
            "samples": values["samples"][:count],
        }
