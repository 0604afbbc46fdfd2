"""Metrics of real and generated samples, and the features that they compare."""

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
    "inception_v3",
    "parzen_log_likelihoods",
]
