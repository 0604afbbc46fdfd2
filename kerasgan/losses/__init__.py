"""Adversarial losses: both players' objectives as functions of the discriminator's scores."""

from __future__ import annotations

from typing import Any

import keras

from kerasgan.losses.adversarial_loss import AdversarialLoss
from kerasgan.losses.energy_margin import EnergyMargin
from kerasgan.losses.function_loss import FunctionLoss
from kerasgan.losses.hinge import Hinge
from kerasgan.losses.least_squares import LeastSquares
from kerasgan.losses.minimax import Minimax
from kerasgan.losses.non_saturating import NonSaturating
from kerasgan.losses.relativistic import Relativistic
from kerasgan.losses.wasserstein import Wasserstein
from kerasgan.registry import lookup

_KNOWN: dict[str, type[AdversarialLoss]] = {
    "energy_margin": EnergyMargin,
    "hinge": Hinge,
    "least_squares": LeastSquares,
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "relativistic": Relativistic,
    "wasserstein": Wasserstein,
}

__all__ = [
    "AdversarialLoss",
    "EnergyMargin",
    "FunctionLoss",
    "Hinge",
    "LeastSquares",
    "Minimax",
    "NonSaturating",
    "Relativistic",
    "Wasserstein",
    "deserialize",
    "get",
    "serialize",
]


def get(identifier: Any) -> AdversarialLoss:
    """Returns a loss by name, object, configuration, or function of the scores.

    Args:
        identifier: `"minimax"`, `"non_saturating"`, `"least_squares"`, `"hinge"`, `"wasserstein"`,
            `"relativistic"`; an `AdversarialLoss`; a function for `FunctionLoss`; or the configuration of
            either.

    Raises:
        ValueError: If a name is unknown.
        TypeError: If it is none of these.

    Example:

    >>> type(kerasgan.losses.get("hinge")).__name__
    'Hinge'
    """
    return lookup(identifier, AdversarialLoss, _KNOWN, "loss", from_function=FunctionLoss)


def serialize(loss: AdversarialLoss) -> dict[str, Any]:
    """Returns the configuration of a loss."""
    return keras.saving.serialize_keras_object(loss)


def deserialize(config: dict[str, Any]) -> AdversarialLoss:
    """Makes a loss from its configuration."""
    return get(config)
