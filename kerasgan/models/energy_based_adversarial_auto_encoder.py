from __future__ import annotations

from typing import Any

import keras

from kerasgan.core import Adversary, use
from kerasgan.models._energy_game import EnergyGame
from kerasgan.models.adversarial_auto_encoder import AdversarialAutoEncoder


@keras.saving.register_keras_serializable(package="kerasgan")
class EnergyBasedAdversarialAutoEncoder(EnergyGame, AdversarialAutoEncoder):
    """An adversarial auto-encoder that plays the energy game of `EBGAN` on its codes.

    The turns are those of `AdversarialAutoEncoder` (Makhzani et al. 2015). The discriminator is an
    auto-encoder of codes, and the error of its reconstruction is the energy. Draws of the prior should have a
    low energy, and codes an energy of at least a margin. The encoder lowers the energy of its codes (Zhao,
    Mathieu & LeCun 2016).

    Args:
        encoder: As in `AdversarialAutoEncoder`.
        decoder: As in `AdversarialAutoEncoder`.
        discriminator: Any auto-encoder of codes: a `keras.Model` from codes, or codes and labels, to codes.
            For the pulling-away term it must have an attribute `encoder`, like
            `kerasgan.networks.AutoEncoder`. Its own codes should be smaller than its inputs. Otherwise it
            reproduces everything.
        prior: As in `AdversarialAutoEncoder`. Defaults to `None`, a standard normal.
        energy: How to compute the energy from the residual, as in `EBGAN`. Defaults to `"mean_square"`.
        seed: As in `AdversarialAutoEncoder`. Defaults to `None`.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

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
        super().__init__(encoder, decoder, discriminator, prior, seed=seed, **kwargs)
        self.energy_name = energy

    def make_adversary(self) -> Adversary:
        """Returns the discriminator of codes. Its score is an energy."""
        return self.energy_adversary(self.judged, self.codes, self.energy_name)

    @use(returns="energy")
    def energy(self, samples: Any, condition: Any = None) -> Any:
        """Returns the energy of each sample's code, `(count,)`: high for codes that are rare in the prior."""
        return self.discriminate(samples, condition)
