"""Metrics of real and generated samples, and the features that they compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from kerasgan.metrics.classifier import classifier_features
from kerasgan.metrics.density_coverage import DensityCoverage
from kerasgan.metrics.frechet_distance import FrechetDistance
from kerasgan.metrics.inception import inception_v3
from kerasgan.metrics.inception_score import InceptionScore
from kerasgan.metrics.kernel_distance import KernelDistance
from kerasgan.metrics.mode_coverage import ModeCoverage
from kerasgan.metrics.monge_distance import MongeDistance
from kerasgan.metrics.parzen_log_likelihood import ParzenLogLikelihood, parzen_log_likelihoods
from kerasgan.metrics.precision_recall import PrecisionRecall
from kerasgan.metrics.sliced_wasserstein import SlicedWasserstein
from kerasgan.metrics.two_sample_metric import TwoSampleMetric
from kerasgan.registry import lookup

# Those that need nothing to be told.
_KNOWN: dict[str, type[keras.metrics.Metric]] = {
    "density_coverage": DensityCoverage,
    "frechet_distance": FrechetDistance,
    "kernel_distance": KernelDistance,
    "monge_distance": MongeDistance,
    "parzen_log_likelihood": ParzenLogLikelihood,
    "precision_recall": PrecisionRecall,
    "sliced_wasserstein": SlicedWasserstein,
}

__all__ = [
    "DensityCoverage",
    "FrechetDistance",
    "InceptionScore",
    "KernelDistance",
    "ModeCoverage",
    "MongeDistance",
    "ParzenLogLikelihood",
    "PrecisionRecall",
    "SlicedWasserstein",
    "TwoSampleMetric",
    "classifier_features",
    "deserialize",
    "get",
    "get_all",
    "inception_v3",
    "parzen_log_likelihoods",
    "serialize",
]


def get(identifier: Any) -> keras.metrics.Metric:
    """Returns a metric of real and generated samples by name, object or configuration.

    Args:
        identifier: `"density_coverage"`, `"frechet_distance"`, `"kernel_distance"`, `"monge_distance"`,
            `"parzen_log_likelihood"`, `"precision_recall"` or `"sliced_wasserstein"`; a
            `keras.metrics.Metric`; or its configuration. By name, a metric has its defaults and compares the
            samples themselves. `ModeCoverage` and `InceptionScore` need arguments, so pass an object.

    Raises:
        ValueError: If a name is unknown.
        TypeError: If it is none of these.

    Example:

    >>> kerasgan.metrics.get("frechet_distance").name
    'frechet_distance'
    """
    return lookup(identifier, keras.metrics.Metric, _KNOWN, "metrics")


def get_all(identifiers: Any) -> list[keras.metrics.Metric]:
    """Returns the metrics of a game.

    Args:
        identifiers: One or several of what `get` takes, or `None` for none.

    Raises:
        ValueError: If a name is unknown.
        TypeError: If one is no metric.

    Example:

    >>> [metric.name for metric in kerasgan.metrics.get_all(["frechet_distance"])]
    ['frechet_distance']
    """
    if identifiers is None:
        return []
    if isinstance(identifiers, (str, dict)) or not isinstance(identifiers, Iterable):
        identifiers = (identifiers,)
    return [get(identifier) for identifier in identifiers]


def serialize(metric: keras.metrics.Metric) -> dict[str, Any]:
    """Returns the configuration of a metric."""
    return keras.saving.serialize_keras_object(metric)


def deserialize(config: dict[str, Any]) -> keras.metrics.Metric:
    """Makes a metric from its configuration."""
    return get(config)
