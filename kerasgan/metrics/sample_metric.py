from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasgan.arguments import positive_integer
from kerasgan.metrics.collectors import Collector, Samples
from kerasgan.metrics.two_sample_metric import TwoSampleMetric


class SampleMetric(TwoSampleMetric):
    """A metric that needs all samples' features at once.

    The features are kept in their own type, which takes `2 * capacity * size * 4` bytes in float32. If an
    evaluation has more samples than `capacity`, the first ones are compared. A warning and `provenance` then
    say how many were left out.

    Args:
        features: As in `TwoSampleMetric`. Defaults to `None`, the samples themselves.
        capacity: How many samples of each side are kept. Defaults to 10,000.
        real_statistics: A file that `precompute` wrote. Defaults to `None`.
        name: The metric's name in logs. Defaults to `None`, the class's own.
    """

    def __init__(
        self,
        features: Any = None,
        capacity: int = 10_000,
        real_statistics: Any = None,
        name: str | None = None,
    ) -> None:
        self.capacity = positive_integer("capacity", capacity)
        super().__init__(features, real_statistics, name)

    def collector(self, size: int, dtype: str) -> Collector:
        """Returns a buffer of `capacity` rows."""
        return Samples(size, self.capacity, dtype)

    def settings(self) -> dict[str, Any]:
        """Returns the capacity."""
        return {"capacity": self.capacity}


def float64_rows(samples: np.ndarray, rows: int = 512) -> Iterator[np.ndarray]:
    """Yields samples in float64, some rows at a time, so that no matrix of all pairs has to fit in memory."""
    for start in range(0, len(samples), rows):
        yield samples[start : start + rows].astype("float64")
