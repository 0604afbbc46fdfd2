from __future__ import annotations

import keras
import numpy as np

from kerasgan.metrics.collectors import Collector, Moments
from kerasgan.metrics.two_sample_metric import TwoSampleMetric


@keras.saving.register_keras_serializable(package="kerasgan")
class FrechetDistance(TwoSampleMetric):
    """The Fréchet distance between normal distributions with the features' moments (Heusel et al. 2017).

    It is `||m_r - m_f||^2 + Tr(S_r + S_f - 2 (S_r S_f)^(1/2))`, with the unbiased covariances (n - 1). That
    is the squared distance, as is usual. On InceptionV3's features it is known as FID.

    It is biased upwards, and the bias falls with the number of samples. So compare only values for equal
    numbers of samples. You need at least one sample more than there are features. With fewer, the covariances
    do not have full rank, and the bias is most of the value.

    Any number of samples fits in memory: it keeps two matrices of `size * size` in float64, and no samples.

    Args:
        features: As in `TwoSampleMetric`. Defaults to `None`, the samples themselves.
        real_statistics: A file that `precompute` wrote. Defaults to `None`.
        name: Defaults to `"frechet_distance"`.

    Example:

    >>> metric = kerasgan.metrics.FrechetDistance()
    >>> x = np.random.default_rng(0).normal(size=(100, 3))
    >>> metric.update_state(x, x + [3.0, 0.0, 0.0])
    >>> float(metric.result())
    9.0
    """

    default_name = "frechet_distance"
    quantities = (("frechet_distance", "down"),)

    def fewest(self, side: str, size: int) -> tuple[int, str]:
        """Returns one more than there are features."""
        return size + 1, f"more samples than the {size} features of each"

    def collector(self, size: int, dtype: str) -> Collector:
        """Returns running moments."""
        return Moments(size)

    def prepare(self, real: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Adds a factor of the real covariance."""
        return {**real, "factor": _factor(real["covariance"])}

    def compute(self, real: dict[str, np.ndarray], fake: dict[str, np.ndarray]) -> tuple[float]:
        """Returns the distance."""
        # With S = F F', Tr (S_r S_f)^(1/2) is the sum of the singular values of F_r' F_f. So an error of
        # 1e-16 stays one. Under the root of an eigenvalue of S_r S_f, it would become 1e-8.
        product = real["factor"].T @ _factor(fake["covariance"])
        overlap = np.linalg.svd(product, compute_uv=False).sum()
        shift = np.sum((real["mean"] - fake["mean"]) ** 2)
        spread = np.trace(real["covariance"]) + np.trace(fake["covariance"]) - 2 * overlap
        # Below 0 by rounding alone.
        return (float(max(shift + spread, 0.0)),)


def _factor(covariance: np.ndarray) -> np.ndarray:
    """Returns F with `F F' = covariance`."""
    try:
        return np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError:  # not of full rank; this takes longer
        values, vectors = np.linalg.eigh(covariance)
        return vectors * np.sqrt(np.maximum(values, 0.0))
