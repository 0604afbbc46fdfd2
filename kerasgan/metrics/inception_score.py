from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.arguments import invalid
from kerasgan.metrics.collectors import Collector
from kerasgan.metrics.two_sample_metric import TwoSampleMetric

# How far the probabilities of the classes may be from adding up to 1, in the mean: mixed precision's worst.
_TOLERANCE = 1e-2


@keras.saving.register_keras_serializable(package="kerasgan")
class InceptionScore(TwoSampleMetric):
    """The inception score of a classifier, `exp E_x KL(p(y|x) || p(y))` (Salimans et al. 2016).

    It is 1 if all samples look alike to the classifier. It is the number of classes if each sample certainly
    belongs to one class, and all classes are equally frequent. There is one estimate over all samples; the
    paper averages over ten parts. The score sees generated samples only. So a generator that repeats one
    perfect sample of each class has the best score.

    Args:
        features: What gives the probabilities of the classes of samples: a `keras.Model` that ends in a
            softmax, or a function.
        name: Defaults to `"inception_score"`.

    Raises:
        ValueError: If `features` is `None`, since samples are no probabilities.

    Example:

    >>> metric = kerasgan.metrics.InceptionScore(lambda samples: samples)
    >>> metric.update_state(None, np.eye(10))
    >>> float(metric.result())
    10.0
    """

    default_name = "inception_score"
    quantities = (("inception_score", "up"),)
    sides = ("fake",)

    def __init__(self, features: Any, name: str | None = None) -> None:
        if features is None:
            raise invalid("features", features, "a classifier with probabilities for outputs")
        super().__init__(features, None, name)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal metric."""
        config = super().get_config()
        del config["real_statistics"]
        return config

    def collector(self, size: int, dtype: str) -> Collector:
        """Returns sums over probabilities."""
        return _Probabilities(size)

    def compute(self, real: dict[str, np.ndarray], fake: dict[str, np.ndarray]) -> tuple[float]:
        """Returns the score."""
        marginal = fake["total"] / fake["count"]
        if fake["lowest"] < 0 or abs(marginal.sum() - 1.0) > _TOLERANCE:
            raise ValueError(
                "Invalid value for argument `features`. Expected probabilities of classes, which add up to "
                f"1. Received: values from {float(fake['lowest'])}, whose mean sum is {marginal.sum():.4g}"
            )
        present = marginal[marginal > 0]
        return (float(np.exp(fake["negentropy"] / fake["count"] - present @ np.log(present))),)


class _Probabilities(Collector):
    """Adds up probabilities, and their negative entropies."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.total = self.add_variable((size,))
        self.negentropy = self.add_variable(())
        self.lowest = self.add_variable(())

    def update(self, features: Any) -> None:
        p = ops.cast(features, "float64")
        logarithms = ops.log(ops.where(p > 0, p, 1.0))
        self.total.assign_add(ops.sum(p, axis=0))
        self.negentropy.assign_add(ops.sum(p * logarithms))
        self.lowest.assign(ops.minimum(self.lowest.value, ops.min(p, initial=0.0)))
        self.count.assign_add(ops.cast(ops.shape(p)[0], "int64"))

    def read(self) -> dict[str, np.ndarray]:
        return self.values(total=self.total, negentropy=self.negentropy, lowest=self.lowest)
