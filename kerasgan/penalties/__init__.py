"""Penalties: terms added to one turn's loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras

from kerasgan.penalties.contractive import Contractive
from kerasgan.penalties.dragan import DRAGAN
from kerasgan.penalties.feature_matching import FeatureMatching
from kerasgan.penalties.penalty import Encounter, Penalty
from kerasgan.penalties.pulling_away import PullingAway
from kerasgan.penalties.r1 import R1
from kerasgan.penalties.r2 import R2
from kerasgan.penalties.reconstruction import Reconstruction
from kerasgan.penalties.wasserstein_gradient_penalty import WassersteinGradientPenalty
from kerasgan.registry import lookup

_KNOWN: dict[str, type[Penalty]] = {
    "contractive": Contractive,
    "dragan": DRAGAN,
    "pulling_away": PullingAway,
    "r1": R1,
    "r2": R2,
    "reconstruction": Reconstruction,
    "wasserstein_gradient_penalty": WassersteinGradientPenalty,
}

__all__ = [
    "DRAGAN",
    "R1",
    "R2",
    "Contractive",
    "Encounter",
    "FeatureMatching",
    "Penalty",
    "PullingAway",
    "Reconstruction",
    "WassersteinGradientPenalty",
    "deserialize",
    "get",
    "get_all",
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
    return lookup(identifier, Penalty, _KNOWN, "penalties")


def get_all(identifiers: Any, turns: Iterable[str]) -> tuple[Penalty, ...]:
    """Returns the penalties of a game.

    Args:
        identifiers: One or several of what `get` takes.
        turns: The names of the game's turns.

    Raises:
        ValueError: If a name is unknown, two penalties of one turn share a name, or one names a turn that
            the game does not have.
        TypeError: If one is no penalty.

    Example:

    >>> [penalty.name for penalty in kerasgan.penalties.get_all(["r1", "r2"], ["discriminator"])]
    ['r1', 'r2']
    """
    if isinstance(identifiers, (str, dict)) or not isinstance(identifiers, Iterable):
        identifiers = (identifiers,)
    penalties = tuple(get(identifier) for identifier in identifiers)
    known, names = set(turns), set[tuple[str, str]]()
    for penalty in penalties:
        if not set(penalty.turns) <= known:
            raise ValueError(
                f"Invalid value for argument `penalties`. Expected turns among {sorted(known)}. "
                f"Received: {penalty.name!r} with turn={penalty.turn!r}"
            )
        keys = {(turn, penalty.name) for turn in penalty.turns}
        if keys & names:
            raise ValueError(
                "Invalid value for argument `penalties`. Expected different penalties. "
                f"Received: two named {penalty.name!r}"
            )
        names |= keys
    return penalties


def serialize(penalty: Penalty) -> dict[str, Any]:
    """Returns the configuration of a penalty."""
    return keras.saving.serialize_keras_object(penalty)


def deserialize(config: dict[str, Any]) -> Penalty:
    """Makes a penalty from its configuration."""
    return get(config)
