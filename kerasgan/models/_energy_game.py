"""The common part of energy games: energies of reconstructions, and the losses of the players."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

from kerasgan import losses, penalties
from kerasgan.arguments import non_negative_number, one_of
from kerasgan.core import (
    AdversarialModel,
    Adversary,
    Part,
    PenaltiesSetting,
    Setting,
    SubModel,
)
from kerasgan.penalties import Penalty, PullingAway
from kerasgan.tensors import at_least_float32, flat


def _squared_residual(samples: Any, reconstruction: Any) -> Any:
    return flat(ops.square(at_least_float32(reconstruction) - at_least_float32(samples)))


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


class EnergyGame(AdversarialModel, abstract=True):
    """A game whose discriminator is an auto-encoder (Zhao, Mathieu & LeCun 2016).

    The discriminator's score of a sample is the error of its reconstruction. It is an energy: never negative,
    and low for samples that look real. Real samples should have a low energy, and generated samples an energy
    of at least a margin.
    """

    # An energy game has only one possible loss.
    loss = None
    margin = Setting(
        1.0,
        description=(
            "The discriminator raises the energy of generated samples only up to this value. A number in the "
            "units of `energy`, or a `keras.optimizers.schedules.LearningRateSchedule` of the "
            "discriminator's updates."
        ),
    )
    pulling_away = Setting(
        0.1, non_negative_number, "The weight of the pulling-away term; 0 leaves it out."
    )
    penalties = PenaltiesSetting("Further penalties, by name or as objects.")

    def stakes(self) -> tuple[losses.AdversarialLoss, tuple[Penalty, ...]]:
        """Returns the margin loss, and the pulling-away term with the penalties."""
        loss = losses.EnergyMargin(self.margin)
        loss.step = lambda: self.optimizer["discriminator"].iterations
        own = [PullingAway(self.pulling_away)] if self.pulling_away else []
        return loss, penalties.get_all([*own, *self.penalties], ["discriminator", "generator"])

    def energy_adversary(self, discriminator: SubModel, samples: Part, energy: str) -> Adversary:
        """Returns the discriminator with its energy, or raises if it does not reproduce samples."""
        one_of("energy", energy, sorted(ENERGIES))
        return self.adversary_of(discriminator.reproducing(samples), ENERGIES[energy])
