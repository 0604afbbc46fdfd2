from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerasgan.metrics.neighbor_metric import NeighborMetric
from kerasgan.metrics.neighbors import blocks, squared_radii


@keras.saving.register_keras_serializable(package="kerasgan")
class PrecisionRecall(NeighborMetric):
    """How many generated samples look real, and how much of the real data is generated at all.

    Around each real sample there is a ball that reaches to its k-th nearest real neighbor. `precision` is the
    share of generated samples that lie in a ball. `recall` is the same with the two sides exchanged
    (Kynkäänniemi et al. 2019). Balls are closed, as in the paper's equation 1 and its code: a sample on the
    surface lies inside. The balls of `DensityCoverage` are open.

    Args:
        features: As in `TwoSampleMetric`. Defaults to `None`, the samples themselves.
        k: A ball reaches to the k-th nearest neighbor. There must be more than k samples on both sides.
            Defaults to 3, as in the paper.
        capacity: How many samples of each side are kept. Defaults to 10,000.
        real_statistics: A file that `precompute` wrote. Defaults to `None`.
        name: A prefix for the names of the values. Defaults to `None`, no prefix.

    Example:

    >>> metric = kerasgan.metrics.PrecisionRecall(k=1)
    >>> metric.update_state(np.array([[0.0], [1.0], [9.0]]), np.array([[0.5], [1.5]]))
    >>> {name: float(value) for name, value in metric.result().items()}
    {'precision': 1.0, 'recall': 0.6666666666666666}
    """

    default_name = "precision_recall"
    quantities = (("precision", "up"), ("recall", "up"))

    def __init__(
        self,
        features: Any = None,
        k: int = 3,
        capacity: int = 10_000,
        real_statistics: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(features, k, capacity, real_statistics, name)

    def fewest(self, side: str, size: int) -> tuple[int, str]:
        """Returns k + 1 for both sides."""
        return self.k + 1, f"more samples than k={self.k}"

    def compute(
        self, real: dict[str, np.ndarray], fake: dict[str, np.ndarray]
    ) -> tuple[float, float]:
        """Returns precision and recall."""
        fake_radii = squared_radii(fake["samples"], self.k)
        inside, reached = np.zeros(len(fake_radii), bool), 0
        for block in blocks(real["samples"], fake["samples"]):
            inside |= block.within(real["radii"][block.rows, None], closed=True).any(axis=0)
            reached += int(block.within(fake_radii, closed=True).any(axis=1).sum())
        return float(inside.mean()), reached / len(real["samples"])
