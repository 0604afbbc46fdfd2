from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerasgan.arguments import non_negative_integer, one_of, positive_integer
from kerasgan.metrics.sample_metric import SampleMetric


@keras.saving.register_keras_serializable(package="kerasgan")
class SlicedWasserstein(SampleMetric):
    """The Wasserstein distance along random directions (Rabin et al. 2011, Bonneel et al. 2015).

    It is `(mean over directions of W_p^p)^(1/p)`. In one dimension, W_p is computed exactly, by sorting both
    sides. Any numbers of samples will do, and the two sides may differ in number. The distance has a bias,
    which falls with the number of samples.

    Args:
        features: As in `TwoSampleMetric`. Defaults to `None`, the samples themselves.
        number_of_projections: How many directions. Defaults to 128.
        order: The distance's p, 1 or 2. Defaults to 2.
        seed: The seed of the directions, which stay the same in every evaluation. Defaults to 0.
        capacity: How many samples of each side are kept. Defaults to 10,000.
        real_statistics: A file that `precompute` wrote. Defaults to `None`.
        name: Defaults to `"sliced_wasserstein"`.

    Example:

    >>> metric = kerasgan.metrics.SlicedWasserstein()
    >>> metric.update_state(np.array([[0.0], [5.0]]), np.array([[7.0], [2.0]]))
    >>> float(metric.result())
    2.0
    """

    default_name = "sliced_wasserstein"
    quantities = (("sliced_wasserstein", "down"),)

    def __init__(
        self,
        features: Any = None,
        number_of_projections: int = 128,
        order: int = 2,
        seed: int = 0,
        capacity: int = 10_000,
        real_statistics: Any = None,
        name: str | None = None,
    ) -> None:
        one_of("order", order, (1, 2))
        self.number_of_projections = positive_integer(
            "number_of_projections", number_of_projections
        )
        self.order = order
        self.seed = non_negative_integer("seed", seed)
        super().__init__(features, capacity, real_statistics, name)

    def settings(self) -> dict[str, Any]:
        """Returns the capacity, the directions' number and seed, and the order."""
        own = {"number_of_projections": self.number_of_projections, "order": self.order}
        return {**super().settings(), **own, "seed": self.seed}

    def compute(self, real: dict[str, np.ndarray], fake: dict[str, np.ndarray]) -> tuple[float]:
        """Returns the distance."""
        return (self.mean_power(real["samples"], fake["samples"], self.order) ** (1 / self.order),)

    def mean_power(self, ones: np.ndarray, others: np.ndarray, order: int) -> float:
        """Returns the mean of W_p^p over the directions, where p is the order."""
        directions = self.directions_of(ones.shape[1])
        # The distance does not depend on where both sides lie; its last digits would.
        center = ones.mean(axis=0, dtype="float64")
        ones, others = (
            np.sort((samples - center) @ directions, axis=0) for samples in (ones, others)
        )
        # Both quantile functions are constant between these levels.
        levels = np.union1d(_levels(len(ones)), _levels(len(others)))
        widths = np.diff(levels, prepend=0.0)
        middles = levels - widths / 2
        gaps = np.abs(_quantiles(ones, middles) - _quantiles(others, middles))
        return float(widths @ np.mean(gaps**order, axis=1))

    def directions_of(self, size: int) -> np.ndarray:
        """Returns unit vectors, `(size, number_of_projections)`, evenly distributed."""
        generator = np.random.default_rng(self.seed)
        directions = generator.normal(size=(size, self.number_of_projections))
        return directions / np.linalg.norm(directions, axis=0)


def _levels(count: int) -> np.ndarray:
    return np.arange(1, count + 1) / count


def _quantiles(ordered: np.ndarray, levels: np.ndarray) -> np.ndarray:
    return ordered[np.minimum((levels * len(ordered)).astype(int), len(ordered) - 1)]
