"""Penalties: terms that are added to the loss of a turn."""

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
    """Returns a penalty from a name, an object or a configuration.

    Args:
        identifier: One of these: a name (`"contractive"`, `"dragan"`, `"pulling_away"`, `"r1"`, `"r2"`,
            `"reconstruction"`, `"wasserstein_gradient_penalty"`), for a penalty with default arguments; a
            `Penalty`; or the configuration of a penalty.

    Returns:
        A `Penalty`.

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
        identifiers: One or several of the values that `get` takes.
        turns: The names of the game's turns.

    Returns:
        A tuple of `Penalty` objects.

    Raises:
        ValueError: If a name is unknown, if two penalties of one turn have the same name, or if a penalty
            names a turn that the game does not have.
        TypeError: If one of the values is not a penalty.

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
    """Returns the configuration of a penalty, for `deserialize`."""
    return keras.saving.serialize_keras_object(penalty)


def deserialize(config: dict[str, Any]) -> Penalty:
    """Makes a penalty from a result of `serialize`.

    Raises:
        ValueError: If the configuration names something that a file may not name.
        TypeError: If it is not the configuration of a penalty.

    Example:

    >>> config = kerasgan.penalties.serialize(kerasgan.penalties.R1())
    >>> type(kerasgan.penalties.deserialize(config)).__name__
    'R1'
    """
    return get(config)
