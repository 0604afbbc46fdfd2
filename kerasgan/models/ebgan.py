from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import one_of
from kerasgan.core.adversary import Adversary
from kerasgan.core.energy import ENERGIES, energy_stakes
from kerasgan.core.reconstruction import check_reconstruction
from kerasgan.core.signatures import Signature
from kerasgan.core.training_data import check_array
from kerasgan.losses import EnergyMargin
from kerasgan.models.gan import GAN


@keras.saving.register_keras_serializable(package="kerasgan")
class EBGAN(GAN):
    """An energy-based generative adversarial network (Zhao, Mathieu & LeCun 2016).

    The turns are those of `GAN`. The discriminator is an auto-encoder, and what it says of a sample is the
    error of its reconstruction: an energy, never negative, low for what looks real. The discriminator gives
    low energy to real samples and pushes that of generated ones up to a margin; the generator lowers it.

    Args:
        generator: Any `keras.Model` from latent samples to samples.
        discriminator: Any auto-encoder: a `keras.Model` from samples to samples of the same shape. The
            pulling-away term needs its codes, so an `encoder` attribute: `kerasgan.networks.AutoEncoder`.
        prior: As in `GAN`. Defaults to `None`, a standard normal.
        energy: How a sample's energy is reduced from its residual `r = discriminator(x) - x`:
            `"mean_square"` is the mean of `r^2` over the sample's values, `"sum_square"` their sum, `"norm"`
            the square root of that sum. The margin is in these units. Defaults to `"mean_square"`.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If `energy` is unknown, or the prior, the generator and the discriminator do not fit each
            other.

    Example:

    >>> def network(inputs, outputs):
    ...     return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])
    >>> gan = kerasgan.EBGAN(
    ...     generator=network(4, 8),
    ...     discriminator=kerasgan.networks.AutoEncoder(network(8, 2), network(2, 8)),
    ... )
    >>> gan.compile(margin=1.0)
    >>> history = gan.fit(np.zeros((64, 8)), verbose=0)
    >>> gan.energy(np.zeros((3, 8))).shape
    (3,)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        prior: Any = None,
        energy: str = "mean_square",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        one_of("energy", energy, sorted(ENERGIES))
        self._energy_name = energy
        super().__init__(generator, discriminator, prior, seed=seed, **kwargs)
        self.adversary.loss = EnergyMargin()

    def _make_adversary(self, inputs: Sequence[keras.KerasTensor]) -> Adversary:
        output = self.discriminator(inputs[0])
        check_reconstruction("discriminator", self.discriminator, output, inputs[0])
        return Adversary(self.discriminator, inputs, energy=ENERGIES[self._energy_name])

    def compile(  # type: ignore[override]  # an energy game has one loss
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        margin: Any = 1.0,
        pulling_away: float = 0.1,
        penalties: Any = (),
        discriminator_steps: int = 1,
        metrics: Any = (),
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            generator_optimizer: As in `GAN.compile`.
            discriminator_optimizer: As in `GAN.compile`.
            margin: The energy above which the discriminator leaves generated samples alone, in the units of
                `energy`; or a `keras.optimizers.schedules.LearningRateSchedule` of the discriminator's
                updates. Defaults to 1.0.
            pulling_away: The weight of the pulling-away term; 0 leaves it out. Defaults to 0.1.
            penalties: Further penalties, as in `GAN.compile`. Defaults to none.
            discriminator_steps: As in `GAN.compile`. Defaults to 1.
            metrics: As in `GAN.compile`. Defaults to none.
            **keras_arguments: As in `GAN.compile`, `generator_ema` too.

        Raises:
            ValueError: If `margin` or `pulling_away` is negative, or the pulling-away term finds no codes.
        """
        loss, terms, given = energy_stakes(self, margin, pulling_away, penalties)
        self._compile_players(
            generator_optimizer,
            discriminator_optimizer,
            loss,
            terms,
            discriminator_steps,
            metrics,
            {"margin": margin, "pulling_away": pulling_away, "penalties": given},
            **keras_arguments,
        )

    def energy(self, x: Any, batch_size: int = 256) -> np.ndarray:
        """Returns the energy of each sample, `(count,)`: an anomaly score, high for what looks unreal."""
        x = np.asarray(x, keras.config.floatx())
        check_array("x", x, self.specification()[0].shape[1:])
        return self.adversary.judge(x, None, batch_size)

    def signatures(self) -> dict[str, Signature]:
        """Returns what an export can be asked for: as `GAN`, and `energy`."""
        uses = super().signatures()
        return {**uses, "energy": uses["discriminate"]}

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, but for its weights."""
        return {**super().get_config(), "energy": self._energy_name}
