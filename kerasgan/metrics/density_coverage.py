from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerasgan.metrics.neighbor_metric import NeighborMetric
from kerasgan.metrics.neighbors import blocks


@keras.saving.register_keras_serializable(package="kerasgan")
class DensityCoverage(NeighborMetric):
    """Density and coverage: like precision and recall, but robust to outliers (Naeem et al. 2020).

    Around each real sample there is a ball that reaches to its k-th nearest real neighbor.

    - `density` is the mean number of balls in which a generated sample lies, divided by k. It is 1 on average
      if the distributions are the same, and more if generated samples crowd among the real ones.
    - `coverage` is the share of balls that hold a generated sample. It is `1 - 2^-k` on average if the
      distributions are the same and the numbers of samples are large and equal.

    Balls are open, as in the paper's own code: a sample on the surface lies outside. That matters if many
    distances are equal, for example among the zeros of a ReLU.

    Args:
        features: As in `TwoSampleMetric`. Defaults to `None`, the samples themselves.
        k: A ball reaches to the k-th nearest neighbor. There must be more than k real samples. Defaults to 5,
            as in the paper.
        capacity: How many samples of each side are kept. Defaults to 10,000.
        real_statistics: A file that `precompute` wrote. Defaults to `None`.
        name: A prefix for the names of the values. Defaults to `None`, no prefix.

    Example:

    >>> metric = kerasgan.metrics.DensityCoverage(k=1)
    >>> metric.update_state(np.array([[0.0], [1.0], [9.0]]), np.array([[0.5], [1.5]]))
    >>> {name: float(value) for name, value in metric.result().items()}
    {'density': 2.0, 'coverage': 1.0}
    """

    default_name = "density_coverage"
    quantities = (("density", "up"), ("coverage", "up"))

    def __init__(
        self,
        features: Any = None,
        k: int = 5,
        capacity: int = 10_000,
        real_statistics: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(features, k, capacity, real_statistics, name)

    def compute(
        self, real: dict[str, np.ndarray], fake: dict[str, np.ndarray]
    ) -> tuple[float, float]:
        """Returns density and coverage."""
        pairs, covered = 0, 0
        for block in blocks(real["samples"], fake["samples"]):
            inside = block.within(real["radii"][block.rows, None])
            pairs += int(inside.sum())
            covered += int(inside.any(axis=1).sum())
        density = pairs / (self.k * len(fake["samples"]))
        return density, covered / len(real["samples"])
