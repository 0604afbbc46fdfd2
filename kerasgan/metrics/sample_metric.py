from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasgan.arguments import counted, positive_integer
from kerasgan.metrics.collectors import Collector, Samples
from kerasgan.metrics.two_sample_metric import TwoSampleMetric


class SampleMetric(TwoSampleMetric):
    """A metric that needs all samples' features at once.

    They are kept as float32, `2 * capacity * size * 4` bytes. Where an evaluation has more samples than
    there is room for, its first ones are compared, and a warning and `provenance` say how many were left
    out.

    Args:
        features: As in `TwoSampleMetric`. Defaults to `None`, the samples themselves.
        capacity: How many samples of each side are kept. Defaults to 10,000.
        real_statistics: A file that `precompute` wrote. Defaults to `None`.
        name: The metric's name in logs. Defaults to `None`, the class's own.
    """

    # The fewest samples of each side with which the value is defined.
    fewest = 1

    def __init__(
        self,
        features: Any = None,
        capacity: int = 10_000,
        real_statistics: Any = None,
        name: str | None = None,
    ) -> None:
        self.capacity = positive_integer("capacity", capacity)
        super().__init__(features, real_statistics, name)

    def collector(self, size: int) -> Collector:
        """Returns a buffer of `capacity` rows."""
        return Samples(size, self.capacity)

    def settings(self) -> dict[str, Any]:
        """Returns the capacity."""
        return {"capacity": self.capacity}

    def _checked(self, side: str, gathered: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        checked = super()._checked(side, gathered)
        if int(checked["count"]) < self.fewest:
            raise ValueError(
                f"Invalid value for argument `{side}`. Expected at least "
                f"{counted(self.fewest, 'sample')} for `{self.name}`. "
                f"Received: {counted(int(checked['count']), 'sample')}"
            )
        return checked


def float64_rows(samples: np.ndarray, rows: int = 512) -> Iterator[np.ndarray]:
    """Gives samples in float64, some rows at a time, so that no matrix of all pairs is ever held."""
    for start in range(0, len(samples), rows):
        yield samples[start : start + rows].astype("float64")
