"""Priors: the distributions that latent samples are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras

from kerasgan.arguments import invalid
from kerasgan.part import Part
from kerasgan.priors.categorical import Categorical
from kerasgan.priors.function_prior import FunctionPrior
from kerasgan.priors.normal import Normal
from kerasgan.priors.normal_mixture import NormalMixture
from kerasgan.priors.prior import Prior, independent_seeds
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
    "get_all",
    "of_known_size",
    "sample",
    "serialize",
    "shaped",
]


def get(identifier: Any) -> Prior:
    """Returns a prior from a name, an object, a configuration or a function.

    Args:
        identifier: One of these: `None`, for a standard normal distribution; a name (`"normal"`, `"uniform"`,
            `"swiss_roll"`, `"categorical"`), for a prior with default arguments; a `Prior`; a function of
            shape and seed, as in `FunctionPrior`; or the configuration of a prior or of a function.

    Returns:
        A `Prior`.

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
    """Returns the configuration of a prior, for `deserialize`."""
    return keras.saving.serialize_keras_object(prior)


def deserialize(config: dict[str, Any]) -> Prior:
    """Makes a prior from a result of `serialize`.

    Raises:
        ValueError: If the configuration names something that a file may not name.
        TypeError: If it is not the configuration of a prior.

    Example:

    >>> config = kerasgan.priors.serialize(kerasgan.priors.SwissRoll())
    >>> type(kerasgan.priors.deserialize(config)).__name__
    'SwissRoll'
    """
    return get(config)


def get_all(identifier: Any) -> Any:
    """Returns a prior, or a dictionary of priors by the names of a generator's inputs.

    Args:
        identifier: One of the values that `get` takes, or a dictionary of them.

    Example:

    >>> priors = kerasgan.priors.get_all({"noise": "normal", "code": "categorical"})
    >>> sorted(priors)
    ['code', 'noise']
    """
    is_config = isinstance(identifier, Mapping) and "class_name" in identifier
    if isinstance(identifier, Mapping) and not is_config:
        return {name: get(each) for name, each in identifier.items()}
    return get(identifier)


def shaped(prior: Any, latent: Part) -> Any:
    """Returns a prior with the shape of a part, or a dictionary of priors if the part has several tensors.

    Args:
        prior: A `Prior`, or a dictionary of priors by the names of the tensors.
        latent: The part of latent samples, a `kerasgan.core.Part`.

    Raises:
        ValueError: If a prior already has a different shape, or the names do not match.
    """
    if latent.names is None:
        only = next(iter(prior.values())) if isinstance(prior, Mapping) else prior
        return only.shaped(tuple(latent.specification.shape[1:]))
    each = prior if isinstance(prior, Mapping) else dict.fromkeys(latent.names, prior)
    if set(each) != set(latent.names):
        raise invalid("prior", sorted(each), f"a prior for each of {latent.names}")
    shapes = latent.specification
    return {name: each[name].shaped(tuple(shapes[name].shape[1:])) for name in latent.names}


def of_known_size(latent: Part, prior: Any) -> Part:
    """Returns the part of latent samples with the sizes of the prior, if a model takes maps of any size.

    Args:
        latent: The part of latent samples.
        prior: A result of `shaped`.
    """
    of = prior if isinstance(prior, Mapping) else None
    named = latent.specification if of is not None else {"": latent.specification}
    sized = {
        name: keras.KerasTensor(
            (None, *(prior if of is None else of[name]).shape), each.dtype, name=each.name
        )
        for name, each in named.items()
    }
    return replace(latent, specification=sized[""] if of is None else sized)


def sample(prior: Any, count: Any, seed: Any = None) -> Any:
    """Draws latent samples from a prior, or from each prior of a dictionary.

    Args:
        prior: A result of `shaped`.
        count: The number of samples.
        seed: As in `Prior.sample`. Defaults to `None`.

    Returns:
        A tensor `(count, ...)`, or a dictionary of tensors.
    """
    if not isinstance(prior, Mapping):
        return prior.sample(count, seed=seed)
    seeds = independent_seeds(seed, len(prior))
    return {
        name: each.sample(count, seed=own)
        for (name, each), own in zip(prior.items(), seeds, strict=True)
    }
