"""What energy games share: energies of reconstructions, and what their players play for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kerasgan.losses import EnergyMargin
from kerasgan.penalties import PullingAway
from kerasgan.penalties.penalty import flat
from kerasgan.precision import full_precision


def _squared_residual(samples: Any, reconstruction: Any) -> Any:
    difference = ops.cast(reconstruction, full_precision()) - ops.cast(samples, full_precision())
    return flat(ops.square(difference))


def _mean_square(samples: Any, reconstruction: Any) -> Any:
    return ops.mean(_squared_residual(samples, reconstruction), axis=1)


def _sum_square(samples: Any, reconstruction: Any) -> Any:
    return ops.sum(_squared_residual(samples, reconstruction), axis=1)


def _norm(samples: Any, reconstruction: Any) -> Any:
    # The square root has no finite gradient at a perfect reconstruction.
    return ops.sqrt(_sum_square(samples, reconstruction) + 1e-12)


ENERGIES: dict[str, Callable[[Any, Any], Any]] = {
    "mean_square": _mean_square,
    "norm": _norm,
    "sum_square": _sum_square,
}


def energy_stakes(
    model: keras.Model, margin: Any, pulling_away: float, penalties: Any
) -> tuple[EnergyMargin, list[Any], list[Any]]:
    """Returns what the players of an energy game play for.

    Args:
        model: The game, whose discriminator's updates a scheduled margin follows.
        margin: As in `EBGAN.compile`.
        pulling_away: Likewise.
        penalties: Likewise.

    Returns:
        `(loss, penalties, given)`: the loss, all penalties, and those of them that the user gave.
    """
    loss = EnergyMargin(margin)
    loss.step = lambda: model.optimizer["discriminator"].iterations
    own = [PullingAway(pulling_away)] if pulling_away else []
    given = list(penalties) if isinstance(penalties, (list, tuple)) else [penalties]
    return loss, [*own, *given], given
