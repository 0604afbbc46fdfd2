from __future__ import annotations

import keras
import numpy as np

from kerasgan.metrics.sample_metric import SampleMetric, float64_rows


@keras.saving.register_keras_serializable(package="kerasgan")
class KernelDistance(SampleMetric):
    """The squared maximum mean discrepancy under a cubic kernel (Bińkowski et al. 2018).

    It is `E k(r, r') + E k(f, f') - 2 E k(r, f)` with `k(a, b) = (a . b / size + 1)^3`, estimated over all
    pairs of different samples. On InceptionV3's features it is known as KID.

    The estimate has no bias. So you may compare values for different numbers of samples, and a value may be
    below 0 if the two sides are alike. Other implementations average over random subsets of 1,000 samples,
    which has the same expectation and more variance.

    Args:
        features: As in `TwoSampleMetric`. Defaults to `None`, the samples themselves.
        capacity: How many samples of each side are kept. Defaults to 10,000.
        real_statistics: A file that `precompute` wrote. Defaults to `None`.
        name: Defaults to `"kernel_distance"`.

    Example:

    >>> metric = kerasgan.metrics.KernelDistance()
    >>> metric.update_state(np.array([[0.0], [0.0]]), np.array([[1.0], [1.0]]))
    >>> float(metric.result())
    7.0
    """

    default_name = "kernel_distance"
    quantities = (("kernel_distance", "down"),)
    # Before, a large offset left no digits.
    statistics_version = 2

    def fewest(self, side: str, size: int) -> tuple[int, str]:
        """Returns 2, which make a pair."""
        return 2, "at least 2 samples"

    def prepare(self, real: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Adds the mean kernel among real samples, and the center that it is computed around."""
        kernel = _Kernel(real["samples"].mean(axis=0, dtype="float64"))
        return {
            **real,
            "center": kernel.center,
            "kernel": np.asarray(kernel.mean_among(real["samples"])),
        }

    def compute(self, real: dict[str, np.ndarray], fake: dict[str, np.ndarray]) -> tuple[float]:
        """Returns the squared discrepancy."""
        kernel = _Kernel(real["center"])
        ones, others = real["samples"], fake["samples"]
        across = kernel.sum(ones, others) / (len(ones) * len(others))
        return (float(real["kernel"] + kernel.mean_among(others) - 2 * across),)


class _Kernel:
    """The kernel of points around a center `c`, without what cancels.

    With `a = c + u` and `b = c + v`, it is `(p + q)^3` with `p = c . a / size + c . v / size + 1` and
    `q = u . v / size`. Terms of `u` alone or of `v` alone cancel in the discrepancy, but far from 0 they are
    all that would be left in the digits. So they are taken off.

    Args:
        center: The center, `(size,)`.
    """

    def __init__(self, center: np.ndarray) -> None:
        self.center = center
        self.size = len(center)
        self.constant = center @ center / self.size + 1.0

    def sum(self, ones: np.ndarray, others: np.ndarray) -> float:
        """Returns the sum over all pairs."""
        v = others - self.center
        b = v @ self.center / self.size
        total = 0.0
        for rows in float64_rows(ones):
            u = rows - self.center
            a = (u @ self.center / self.size)[:, None]
            total += self._values(a, b, u @ v.T / self.size).sum()
        return float(total)

    def mean_among(self, samples: np.ndarray) -> float:
        """Returns the mean over pairs of different samples."""
        with_itself = 0.0
        for rows in float64_rows(samples):
            u = rows - self.center
            a = u @ self.center / self.size
            with_itself += self._values(a, a, np.square(u).sum(axis=1) / self.size).sum()
        count = len(samples)
        return float((self.sum(samples, samples) - with_itself) / (count * (count - 1)))

    def _values(self, a: np.ndarray, b: np.ndarray, q: np.ndarray) -> np.ndarray:
        """`(p + q)^3` with `p = constant + a + b`, less the terms of `a` alone and of `b` alone."""
        p = (a + b) + self.constant
        mixed = 3.0 * (a * b) * (p + self.constant)
        return mixed + q * (3.0 * p * (p + q) + q * q)
