"""Penalties: terms added to one turn's loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from kerasgan.penalties.dragan import DRAGAN
from kerasgan.penalties.penalty import Encounter, Penalty
from kerasgan.penalties.r1 import R1
from kerasgan.penalties.r2 import R2
from kerasgan.penalties.wasserstein_gradient_penalty import WassersteinGradientPenalty
from kerasgan.registry import lookup

_KNOWN: dict[str, type[Penalty]] = {
    "dragan": DRAGAN,
    "r1": R1,
    "r2": R2,
    "wasserstein_gradient_penalty": WassersteinGradientPenalty,
}

__all__ = [
    "DRAGAN",
    "R1",
    "R2",
    "Encounter",
    "Penalty",
    "WassersteinGradientPenalty",
    "deserialize",
    "get",
    "serialize",
]


def get(identifier: Any) -> Penalty:
    """Returns a penalty by name, object or configuration.

    Raises:
        ValueError: If a name is unknown.
        TypeError: If it is none of these.

    Example:

    >>> kerasgan.penalties.get("r1").weight
    10.0
    """
    penalty = lookup(identifier, Penalty, _KNOWN, "penalties")
    if penalty is None:
        raise TypeError(
            "Invalid value for argument `penalties`. Expected names or `kerasgan.penalties.Penalty` "
            f"objects. Received: {identifier!r}"
        )
    return penalty


def get_all(identifiers: Any, turns: Iterable[str]) -> tuple[Penalty, ...]:
    """Returns the penalties of a game, one or a sequence of them.

    Raises:
        ValueError: If two share a name, or one names a turn that the game does not have.
    """
    if isinstance(identifiers, (str, dict, Penalty)):
        identifiers = (identifiers,)
    penalties = tuple(get(identifier) for identifier in identifiers)
    known, names = set(turns), set()
    for penalty in penalties:
        if penalty.turn not in known:
            raise ValueError(
                f"Invalid value for argument `penalties`. Expected turns among {sorted(known)}. "
                f"Received: {penalty.name!r} with turn={penalty.turn!r}"
            )
        key = (penalty.turn, penalty.name)
        if key in names:
            raise ValueError(
                "Invalid value for argument `penalties`. Expected different penalties. "
                f"Received: two named {penalty.name!r}"
            )
        names.add(key)
    return penalties


def serialize(penalty: Penalty) -> dict[str, Any]:
    """Returns the configuration of a penalty."""
    return keras.saving.serialize_keras_object(penalty)


def deserialize(config: dict[str, Any]) -> Penalty:
    """Makes a penalty from its configuration."""
    return get(config)
