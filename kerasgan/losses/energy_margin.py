from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kerasgan import schedules
from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class EnergyMargin(AdversarialLoss):
    """The game of an energy-based GAN: low energy for real samples, at least a margin for generated ones.

    The discriminator minimizes `E(x) + max(0, m - E(G(z)))`. The generator minimizes `E(G(z))`. Here a
    "score" is an energy. It is not negative, and it is low for samples that look real.

    Reference: [Zhao et al., 2016](https://arxiv.org/abs/1609.03126), equations 1 and 2.

    Args:
        margin: The margin m, in the units of the energy: a number that is not negative. For a margin that
            changes during training, a `keras.optimizers.schedules.LearningRateSchedule` of the
            discriminator's updates. Defaults to 1.0.

    Raises:
        ValueError: If `margin` is a negative number.

    Example:

    >>> loss = kerasgan.losses.EnergyMargin(margin=2.0)
    >>> float(loss.discriminator(keras.ops.array([0.5]), keras.ops.array([1.5]))[0])
    1.0
    """

    on_logits = False

    def __init__(self, margin: float | schedules.Schedule = 1.0) -> None:
        self.margin = schedules.number_or_schedule(
            "margin", margin, "a number that is not negative", lambda given: given >= 0
        )
        # The model that uses this loss replaces this by its number of updates.
        self.step: Callable[[], Any] = lambda: 0

    def current_margin(self) -> Any:
        """Returns the margin at the current update."""
        return schedules.value_at(self.margin, self.step())

    def discriminator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `E(x) + max(0, m - E(G(z)))`."""
        return real_scores + ops.relu(self.current_margin() - fake_scores)

    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `E(G(z))`."""
        return fake_scores

    def probability(self, scores: Any) -> Any:
        """Returns the energies unchanged: they do not give a probability."""
        return scores

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal loss."""
        return {"margin": schedules.to_config(self.margin)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> EnergyMargin:
        """Makes the loss that a result of `get_config` describes."""
        return cls(schedules.from_config(config["margin"]))
