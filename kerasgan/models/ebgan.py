from __future__ import annotations

from typing import Any

import keras

from kerasgan.core import Adversary, use
from kerasgan.models._energy_game import EnergyGame
from kerasgan.models.gan import GAN


@keras.saving.register_keras_serializable(package="kerasgan")
class EBGAN(EnergyGame, GAN):
    """An energy-based generative adversarial network (Zhao, Mathieu & LeCun 2016).

    The turns are those of `GAN`. The discriminator is an auto-encoder. Its score of a sample is the error of
    the reconstruction. This is an energy: never negative, and low for samples that look real. The
    discriminator lowers the energy of real samples, and raises the energy of generated samples up to a
    margin. The generator lowers the energy of generated samples.

    Args:
        generator: Any `keras.Model` from latent samples to samples.
        discriminator: Any auto-encoder: a `keras.Model` from samples to samples of the same shape. The
            pulling-away term needs its codes. So it must have an attribute `encoder`, like
            `kerasgan.networks.AutoEncoder`.
        prior: As in `GAN`. Defaults to `None`, a standard normal.
        energy: How to compute a sample's energy from its residual `r = discriminator(x) - x`. `"mean_square"`
            is the mean of `r^2` over the sample's values, `"sum_square"` is their sum, and `"norm"` is the
            square root of that sum. The margin has the same units. Defaults to `"mean_square"`.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

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
        super().__init__(generator, discriminator, prior, seed=seed, **kwargs)
        self.energy_name = energy

    def make_adversary(self) -> Adversary:
        """Returns the discriminator. Its score is an energy."""
        return self.energy_adversary(self.judged, self.samples, self.energy_name)

    @use(returns="energy")
    def energy(self, samples: Any) -> Any:
        """Returns the energy of each sample, `(count,)`: an anomaly score, high for unusual samples."""
        return self.adversary.judge(samples)
