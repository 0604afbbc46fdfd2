from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import counted, invalid, positive_number
from kerasgan.metrics.collectors import Collector
from kerasgan.metrics.two_sample_metric import TwoSampleMetric


@keras.saving.register_keras_serializable(package="kerasgan")
class ModeCoverage(TwoSampleMetric):
    """How many modes of a known mixture are generated, and how well (protocol of Lin et al. 2018, PacGAN).

    A generated sample is of high quality if it lies within three standard deviations of the nearest center.

    - `modes` is the number of centers that have such a sample.
    - `high_quality` is the share of such samples among all. It is 0.989 for 2,500 samples of a
      two-dimensional mixture itself.
    - `reverse_kl` is the divergence KL(p || uniform) of their distribution over the centers. It is NaN if
      there are none.

    Args:
        centers: The centers of the modes, `(modes, size)`, such as
            `kerasgan.datasets.gaussian_mixture.ring_centers()`.
        stddev: The standard deviation of a mode.
        radius: How many standard deviations away from its center a sample of high quality may lie. Defaults
            to 3.0.
        features: As in `TwoSampleMetric`. Defaults to `None`, the samples themselves.
        name: A prefix for the names of the values. Defaults to `None`, no prefix.

    Example:

    >>> metric = kerasgan.metrics.ModeCoverage(centers=[[0.0], [1.0], [2.0]], stddev=0.1)
    >>> metric.update_state(None, np.array([[0.0], [0.1], [0.9], [1.1], [0.5]]))
    >>> {name: round(float(value), 3) for name, value in metric.result().items()}
    {'modes': 2.0, 'high_quality': 0.8, 'reverse_kl': 0.405}
    """

    default_name = "mode_coverage"
    quantities = (("modes", "up"), ("high_quality", "up"), ("reverse_kl", "down"))
    sides = ("fake",)

    def __init__(
        self,
        centers: Any,
        stddev: float,
        radius: float = 3.0,
        features: Any = None,
        name: str | None = None,
    ) -> None:
        self.centers = np.array(centers, "float64")
        if self.centers.ndim != 2 or not len(self.centers) or not np.isfinite(self.centers).all():
            raise invalid("centers", centers, "finite numbers of shape (modes, size)")
        self.stddev = positive_number("stddev", stddev)
        self.radius = positive_number("radius", radius)
        super().__init__(features, None, name)

    def settings(self) -> dict[str, Any]:
        """Returns the centers, the standard deviation and the radius."""
        centers = self.centers.tolist()
        return {"centers": centers, "stddev": self.stddev, "radius": self.radius}

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal metric."""
        config = super().get_config()
        del config["real_statistics"]
        return config

    def collector(self, size: int, dtype: str) -> Collector:
        """Returns counts for each mode."""
        if size != self.centers.shape[1]:
            raise ValueError(
                "Invalid value for argument `fake`. Expected "
                f"{counted(self.centers.shape[1], 'feature')} of each "
                f"sample, as of `centers`. Received: {size}"
            )
        return _NearestCenters(self.centers, self.radius * self.stddev)

    def compute(
        self, real: dict[str, np.ndarray], fake: dict[str, np.ndarray]
    ) -> tuple[float, float, float]:
        """Returns the number of modes, the share of high quality and the reverse divergence."""
        near = fake["near"]
        modes, share = float((near > 0).sum()), float(near.sum() / fake["count"])
        if not modes:
            return modes, share, np.nan
        p = near[near > 0] / near.sum()
        return modes, share, float(np.sum(p * np.log(p * len(near))))


class _NearestCenters(Collector):
    """Counts the samples near each center."""

    def __init__(self, centers: np.ndarray, distance: float) -> None:
        super().__init__(centers.shape[1])
        self.centers = centers
        self.distance = distance
        self.near = self.add_variable((len(centers),))
        # NaN where a feature was: a comparison with NaN is false, and would hide it.
        self.features = self.add_variable(())

    def update(self, features: Any) -> None:
        features = ops.cast(features, "float64")
        gaps = ops.expand_dims(features, 1) - ops.convert_to_tensor(self.centers, dtype="float64")
        distances = ops.sum(ops.square(gaps), axis=2)
        is_near = ops.cast(ops.min(distances, axis=1) <= self.distance**2, "float64")
        nearest = ops.one_hot(ops.argmin(distances, axis=1), len(self.centers), dtype="float64")
        self.near.assign_add(ops.sum(nearest * ops.expand_dims(is_near, 1), axis=0))
        self.features.assign_add(ops.sum(0.0 * features))
        self.count.assign_add(ops.cast(ops.shape(features)[0], "int64"))

    def read(self) -> dict[str, np.ndarray]:
        return self.values(near=self.near, features=self.features)
