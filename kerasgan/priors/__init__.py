"""Priors: the distributions that latent samples are drawn from."""

from __future__ import annotations

from typing import Any

import keras

from kerasgan.priors.categorical import Categorical
from kerasgan.priors.function_prior import FunctionPrior
from kerasgan.priors.normal import Normal
from kerasgan.priors.normal_mixture import NormalMixture
from kerasgan.priors.prior import Prior
from kerasgan.priors.sum import Sum
from kerasgan.priors.swiss_roll import SwissRoll
from kerasgan.priors.uniform import Uniform
from kerasgan.registry import lookup

_KNOWN: dict[str, type[Prior]] = {
    "categorical": Categorical,
    "normal": Normal,
    "swiss_roll": SwissRoll,
    "uniform": Uniform,
}

__all__ = [
    "Categorical",
    "FunctionPrior",
    "Normal",
    "NormalMixture",
    "Prior",
    "Sum",
    "SwissRoll",
    "Uniform",
    "deserialize",
    "get",
    "serialize",
]


def get(identifier: Any) -> Prior:
    """Returns a prior by name, object, configuration, or function of shape and seed.

    Args:
        identifier: `None` for a standard normal; `"normal"`, `"uniform"`, `"swiss_roll"`, `"categorical"`; a
            `Prior`; a function for `FunctionPrior`; or the configuration of either.

    Raises:
        ValueError: If a name is unknown.
        TypeError: If it is none of these.

    Example:

    >>> type(kerasgan.priors.get(None)).__name__
    'Normal'
    """
    if identifier is None:
        return Normal()
    return lookup(identifier, Prior, _KNOWN, "prior", from_function=FunctionPrior)


def serialize(prior: Prior) -> dict[str, Any]:
    """Returns the configuration of a prior."""
    return keras.saving.serialize_keras_object(prior)


def deserialize(config: dict[str, Any]) -> Prior:
    """Makes a prior from its configuration."""
    return get(config)
