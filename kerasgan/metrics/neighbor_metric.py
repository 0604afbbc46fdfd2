from __future__ import annotations

from typing import Any

import numpy as np

from kerasgan.arguments import invalid, positive_integer
from kerasgan.metrics.neighbors import squared_radii
from kerasgan.metrics.sample_metric import SampleMetric


class NeighborMetric(SampleMetric):
    """A metric with balls around samples, each up to its sample's k-th nearest neighbor on the same side.

    Distances are computed 256 rows at a time, so that the matrix of all distances need not fit in memory.

    Args:
        features: As in `TwoSampleMetric`.
        k: A ball reaches to the k-th nearest neighbor.
        capacity: How many samples of each side are kept.
        real_statistics: A file that `precompute` wrote.
        name: The metric's name in logs.
    """

    # Before, a large offset made radii 0.
    statistics_version = 2

    def __init__(
        self, features: Any, k: int, capacity: int, real_statistics: Any, name: str | None
    ) -> None:
        self.k = positive_integer("k", k)
        if positive_integer("capacity", capacity) <= self.k:
            raise invalid("capacity", capacity, f"more than k={self.k}")
        super().__init__(features, capacity, real_statistics, name)

    def settings(self) -> dict[str, Any]:
        """Returns the capacity and k."""
        return {**super().settings(), "k": self.k}

    def fewest(self, side: str, size: int) -> tuple[int, str]:
        """Returns k + 1 for the real side, and 1 for the generated side."""
        return (self.k + 1, f"more samples than k={self.k}") if side == "real" else (1, "a sample")

    def prepare(self, real: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Adds the radii of the real samples' balls."""
        return {**real, "radii": squared_radii(real["samples"], self.k)}
