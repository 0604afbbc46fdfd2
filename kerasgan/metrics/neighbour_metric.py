from __future__ import annotations

from typing import Any

import numpy as np

from kerasgan.arguments import counted, positive_integer
from kerasgan.metrics.neighbours import squared_radii
from kerasgan.metrics.sample_metric import SampleMetric


class NeighbourMetric(SampleMetric):
    """A metric of balls that reach from each sample to its k-th nearest neighbour on its own side.

    Distances are computed 512 rows at a time; the matrix of all of them is never held.

    Args:
        features: As in `TwoSampleMetric`.
        k: Which neighbour a ball reaches to.
        capacity: How many samples of each side are kept.
        real_statistics: A file that `precompute` wrote.
        name: The metric's name in logs.
    """

    def __init__(
        self, features: Any, k: int, capacity: int, real_statistics: Any, name: str | None
    ) -> None:
        self.k = positive_integer("k", k)
        super().__init__(features, capacity, real_statistics, name)

    def settings(self) -> dict[str, Any]:
        """Returns the capacity and k."""
        return {**super().settings(), "k": self.k}

    def radii(self, side: str, gathered: dict[str, np.ndarray]) -> np.ndarray:
        """Returns the squared radii of one side's balls.

        Raises:
            ValueError: If a sample has fewer than k neighbours.
        """
        count = int(gathered["count"])
        if self.k >= count:
            raise ValueError(
                f"Invalid value for argument `k`. Expected fewer than the "
                f"{counted(count, f'{side} sample')}. Received: k={self.k}"
            )
        return squared_radii(gathered["samples"], self.k)

    def prepare(self, real: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Adds the radii of the real samples' balls."""
        return {**real, "radii": self.radii("real", real)}
