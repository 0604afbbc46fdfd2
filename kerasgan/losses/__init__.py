"""Adversarial losses: what each player minimizes, as functions of the discriminator's scores."""

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
    """Returns a loss from a name, an object, a configuration or a function.

    Args:
        identifier: One of these: a name (`"minimax"`, `"non_saturating"`, `"least_squares"`, `"hinge"`,
            `"wasserstein"`, `"relativistic"`, `"energy_margin"`), for a loss with default arguments; an
            `AdversarialLoss`; a function of the scores, as in `FunctionLoss`; or the configuration of a loss
            or of a function.

    Returns:
        An `AdversarialLoss`.

    Raises:
        ValueError: If a name is unknown.
        TypeError: If it is none of these.

    Example:

    >>> type(kerasgan.losses.get("hinge")).__name__
    'Hinge'
    """
    return lookup(identifier, AdversarialLoss, _KNOWN, "loss", from_function=FunctionLoss)


def serialize(loss: AdversarialLoss) -> dict[str, Any]:
    """Returns the configuration of a loss, for `deserialize`."""
    return keras.saving.serialize_keras_object(loss)


def deserialize(config: dict[str, Any]) -> AdversarialLoss:
    """Makes a loss from a result of `serialize`.

    Raises:
        ValueError: If the configuration names something that a file may not name.
        TypeError: If it is not the configuration of a loss.

    Example:

    >>> config = kerasgan.losses.serialize(kerasgan.losses.Hinge())
    >>> type(kerasgan.losses.deserialize(config)).__name__
    'Hinge'
    """
    return get(config)
