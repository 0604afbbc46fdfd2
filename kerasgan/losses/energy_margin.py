from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kerasgan import registry
from kerasgan.arguments import number
from kerasgan.losses.adversarial_loss import AdversarialLoss
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class EnergyMargin(AdversarialLoss):
    """The energy game: low energy for real samples, at least a margin for generated ones.

    `E(x) + max(0, m - E(G(z)))` for the discriminator, `E(G(z))` for the generator (Zhao et al. 2016,
    equations 1 and 2). A "score" is an energy here, not negative, and low for what looks real.

    Args:
        margin: The margin m, in the units of the energy, not negative; or a
            `keras.optimizers.schedules.LearningRateSchedule` of the discriminator's updates, for a margin
            that decays. Defaults to 1.0.

    Raises:
        ValueError: If `margin` is a negative number.

    Example:

    >>> loss = kerasgan.losses.EnergyMargin(margin=2.0)
    >>> float(loss.discriminator(keras.ops.array([0.5]), keras.ops.array([1.5]))[0])
    1.0
    """

    on_logits = False

    def __init__(
        self, margin: float | keras.optimizers.schedules.LearningRateSchedule = 1.0
    ) -> None:
        if not isinstance(margin, keras.optimizers.schedules.LearningRateSchedule):
            expected = "a number that is not negative, or a schedule"
            margin = number("margin", margin, expected, lambda given: given >= 0)
        self.margin = margin
        # The model that plays for this loss says how many updates there have been.
        self.step: Callable[[], Any] = lambda: 0

    def current_margin(self) -> Any:
        """Returns the margin at the present step."""
        if isinstance(self.margin, keras.optimizers.schedules.LearningRateSchedule):
            return ops.cast(self.margin(self.step()), full_precision())
        return self.margin

    def discriminator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `E(x) + max(0, m - E(G(z)))`."""
        return real_scores + ops.relu(self.current_margin() - fake_scores)

    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `E(G(z))`."""
        return fake_scores

    def probability(self, scores: Any) -> Any:
        """Returns the energies: they stand for no probability."""
        return scores

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal loss."""
        if isinstance(self.margin, keras.optimizers.schedules.LearningRateSchedule):
            return {"margin": keras.saving.serialize_keras_object(self.margin)}
        return {"margin": self.margin}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> EnergyMargin:
        """Makes the loss that `get_config` described."""
        return cls(registry.deserialize(config["margin"]))
