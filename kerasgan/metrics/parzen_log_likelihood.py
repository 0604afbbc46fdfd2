from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import fraction, invalid, positive_number
from kerasgan.metrics.neighbors import squared_distances
from kerasgan.metrics.sample_metric import SampleMetric


@keras.saving.register_keras_serializable(package="kerasgan")
class ParzenLogLikelihood(SampleMetric):
    """The mean log-likelihood of real samples under a Parzen window of generated ones.

    It was used by Goodfellow et al. 2014. The first real samples choose the window's width among `sigmas`.
    The value is the mean over the rest. `provenance` gives the width, and the value's standard error.

    The measure can be gamed: 10,000 real training images of MNIST score 243.6, but their centroids 335. So a
    value above that of real samples does not mean that samples are better than real ones.

    Args:
        sigmas: The widths to choose from, or a single one to use. Defaults to `None`, the paper's ten: from
            0.1 to 1 in equal ratios, meant for pixels in [0, 1].
        validation_share: The share of the real samples, taken from the beginning, that choose the width. With
            a single width, it is not used. Defaults to 0.1.
        features: As in `TwoSampleMetric`. Defaults to `None`, the samples themselves.
        capacity: How many samples of each side are kept. Defaults to 10,000.
        real_statistics: A file that `precompute` wrote. Defaults to `None`.
        name: Defaults to `"parzen_log_likelihood"`.

    Example:

    >>> metric = kerasgan.metrics.ParzenLogLikelihood(sigmas=1.0)
    >>> metric.update_state(np.zeros((4, 2)), np.zeros((3, 2)))
    >>> round(float(metric.result()), 4)  # -log(2 pi)
    -1.8379
    """

    default_name = "parzen_log_likelihood"
    quantities = (("parzen_log_likelihood", "up"),)

    def __init__(
        self,
        sigmas: float | Sequence[float] | None = None,
        validation_share: float = 0.1,
        features: Any = None,
        capacity: int = 10_000,
        real_statistics: Any = None,
        name: str | None = None,
    ) -> None:
        given = np.logspace(-1, 0, 10) if sigmas is None else np.atleast_1d(np.asarray(sigmas))
        self.sigmas = [positive_number("sigmas", sigma) for sigma in given.tolist()]
        if not self.sigmas:
            raise invalid("sigmas", sigmas, "at least one width")
        self.validation_share = fraction("validation_share", validation_share)
        if len(self.sigmas) > 1 and not self.validation_share:
            raise invalid(
                "validation_share", validation_share, "more than 0 to choose from `sigmas`"
            )
        self._chosen: dict[str, float] = {}
        super().__init__(features, capacity, real_statistics, name)

    def settings(self) -> dict[str, Any]:
        """Returns the capacity, and how the width is chosen."""
        own = {"sigmas": self.sigmas, "validation_share": self.validation_share}
        return {**super().settings(), **own}

    def fewest(self, side: str, size: int) -> tuple[int, str]:
        """Returns how many real samples it takes for one to choose the width, or 1 for generated samples."""
        if side == "fake" or len(self.sigmas) == 1:
            return 1, "a sample"
        count = 2
        while int(count * self.validation_share) < 1:
            count += 1
        return count, f"at least {count} samples with validation_share={self.validation_share}"

    def compute(self, real: dict[str, np.ndarray], fake: dict[str, np.ndarray]) -> tuple[float]:
        """Returns the mean log-likelihood."""
        x, samples, sigma = real["samples"], fake["samples"], self.sigmas[0]
        if len(self.sigmas) > 1:
            first = int(len(x) * self.validation_share)
            means = [parzen_log_likelihoods(x[:first], samples, s).mean() for s in self.sigmas]
            sigma, x = self.sigmas[int(np.argmax(means))], x[first:]
        values = parzen_log_likelihoods(x, samples, sigma)
        self._chosen = {"sigma": sigma, "standard_error": float(values.std() / np.sqrt(len(x)))}
        return (float(values.mean()),)

    def provenance(self) -> dict[str, Any]:
        """Returns what you need to reproduce the last result, with the width and the standard error."""
        return {**super().provenance(), **self._chosen}


def parzen_log_likelihoods(x: Any, samples: Any, sigma: float) -> np.ndarray:
    """Returns the log-likelihood of each of `x` under normal distributions around samples.

    It is `logmeanexp_i(-||x - s_i||^2 / (2 sigma^2)) - size * log(sigma sqrt(2 pi))`.

    Args:
        x: Where to evaluate, `(rows, ...)`.
        samples: The centers, `(count, ...)`.
        sigma: The standard deviation of each.

    Returns:
        float64 array `(rows,)`.

    Example:

    >>> kerasgan.metrics.parzen_log_likelihoods([[0.0], [1.0]], [[0.0]], sigma=1.0).round(4).tolist()
    [-0.9189, -1.4189]
    """
    sigma = positive_number("sigma", sigma)
    x = np.asarray(x).reshape(len(x), -1)
    samples = np.asarray(samples).reshape(len(samples), -1)
    parts = []
    for distances in squared_distances(x, samples):
        exponents = distances / (-2 * sigma**2)
        largest = exponents.max(axis=1)
        sums = np.exp(exponents - largest[:, None]).mean(axis=1)
        parts.append(largest + np.log(sums))
    return np.concatenate(parts) - x.shape[1] * np.log(sigma * np.sqrt(2 * np.pi))
