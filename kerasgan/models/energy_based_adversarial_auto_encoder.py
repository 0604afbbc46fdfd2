from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import one_of
from kerasgan.core.adversary import Adversary
from kerasgan.core.energy import ENERGIES, energy_stakes
from kerasgan.core.inputs import sole
from kerasgan.core.reconstruction import check_reconstruction
from kerasgan.core.signatures import Signature
from kerasgan.losses import EnergyMargin
from kerasgan.models.adversarial_auto_encoder import AdversarialAutoEncoder


@keras.saving.register_keras_serializable(package="kerasgan")
class EnergyBasedAdversarialAutoEncoder(AdversarialAutoEncoder):
    """An adversarial auto-encoder that plays the energy game of `EBGAN` on its codes.

    The turns are those of `AdversarialAutoEncoder` (Makhzani et al. 2015), and the discriminator is itself an
    auto-encoder, of codes: draws of the prior are to have a low energy, which is the error of their
    reconstruction, and codes one of at least a margin; the encoder lowers that of its codes (Zhao, Mathieu &
    LeCun 2016).

    Args:
        encoder: As in `AdversarialAutoEncoder`.
        decoder: As in `AdversarialAutoEncoder`.
        discriminator: Any auto-encoder of codes: a `keras.Model` from codes, or codes and labels, to codes.
            The pulling-away term needs an `encoder` attribute: `kerasgan.networks.AutoEncoder`. Its own codes
            should be smaller than what it reproduces, or it reproduces everything.
        prior: As in `AdversarialAutoEncoder`. Defaults to `None`, a standard normal.
        energy: How the residual is reduced, as in `EBGAN`. Defaults to `"mean_square"`.
        seed: As in `AdversarialAutoEncoder`. Defaults to `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If `energy` is unknown, or the prior and the sub-models do not fit each other.

    Example:

    >>> def network(inputs, outputs):
    ...     return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])
    >>> model = kerasgan.EnergyBasedAdversarialAutoEncoder(
    ...     encoder=network(8, 3),
    ...     decoder=network(3, 8),
    ...     discriminator=kerasgan.networks.AutoEncoder(network(3, 2), network(2, 3)),
    ... )
    >>> model.compile(margin=1.0)
    >>> history = model.fit(np.zeros((64, 8)), verbose=0)
    >>> model.energy(np.zeros((5, 8))).shape
    (5,)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        discriminator: keras.Model,
        prior: Any = None,
        energy: str = "mean_square",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        one_of("energy", energy, sorted(ENERGIES))
        self._energy_name = energy
        super().__init__(encoder, decoder, discriminator, prior, seed=seed, **kwargs)
        self.adversary.loss = EnergyMargin()

    def _make_adversary(self, inputs: Sequence[keras.KerasTensor]) -> Adversary:
        output = self.discriminator(sole(inputs))
        check_reconstruction("discriminator", self.discriminator, output, inputs[0])
        return Adversary(self.discriminator, inputs, energy=ENERGIES[self._energy_name])

    def compile(  # type: ignore[override]  # an energy game has one loss
        self,
        reconstruction_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        generator_optimizer: Any = None,
        reconstruction_loss: Any = "mse",
        margin: Any = 1.0,
        pulling_away: float = 0.1,
        penalties: Any = (),
        discriminator_steps: int = 1,
        metrics: Any = (),
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            reconstruction_optimizer: As in `AdversarialAutoEncoder.compile`.
            discriminator_optimizer: As in `AdversarialAutoEncoder.compile`.
            generator_optimizer: As in `AdversarialAutoEncoder.compile`.
            reconstruction_loss: As in `AdversarialAutoEncoder.compile`. Defaults to `"mse"`.
            margin: As in `EBGAN.compile`. Defaults to 1.0.
            pulling_away: As in `EBGAN.compile`. Defaults to 0.1.
            penalties: As in `AdversarialAutoEncoder.compile`, on codes. Defaults to none.
            discriminator_steps: As in `AdversarialAutoEncoder.compile`. Defaults to 1.
            metrics: As in `AdversarialAutoEncoder.compile`. Defaults to none.
            **keras_arguments: As in `GAN.compile`, `generator_ema` too.

        Raises:
            ValueError: If `margin` or `pulling_away` is negative, the pulling-away term finds no codes, or
                another argument is out of range.
            TypeError: If a loss, a penalty or a metric is of another kind.
        """
        self.check_compile_arguments(keras_arguments)
        loss, terms, given = energy_stakes(self, margin, pulling_away, penalties)
        # In a tuple, so that Keras does not take a schedule for a part of the model.
        self._energy_arguments = (margin, pulling_away, given)
        super().compile(
            reconstruction_optimizer,
            discriminator_optimizer,
            generator_optimizer,
            reconstruction_loss,
            loss=loss,
            penalties=terms,
            discriminator_steps=discriminator_steps,
            metrics=metrics,
            **keras_arguments,
        )

    def _compiled_with(self) -> Mapping[str, Any]:
        others = {name: value for name, value in super()._compiled_with().items() if name != "loss"}
        if not others:  # not compiled yet
            return {}
        margin, pulling_away, given = self._energy_arguments
        return {**others, "margin": margin, "pulling_away": pulling_away, "penalties": given}

    def energy(self, x: Any, condition: Any = None, batch_size: int = 256) -> np.ndarray:
        """Returns the energy of the code of each sample, `(count,)`: high for what the prior lacks."""
        return self.discriminate(x, condition, batch_size)

    def signatures(self) -> dict[str, Signature]:
        """Returns what an export can be asked for: as `AdversarialAutoEncoder`, and `energy`."""
        uses = super().signatures()
        return {**uses, "energy": uses["discriminate"]}

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal model, but for its weights."""
        return {**super().get_config(), "energy": self._energy_name}
