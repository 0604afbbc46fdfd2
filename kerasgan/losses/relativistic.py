from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class Relativistic(AdversarialLoss):
    """The relativistic pairing game (RpGAN): each real sample is compared with one generated sample.

    `E[softplus(-(D(x) - D(G(z))))]` for the discriminator and `E[softplus(-(D(G(z)) - D(x)))]` for the
    generator (Jolicoeur-Martineau 2019). With `R1` and `R2` penalties it has local convergence and covers
    modes well (R3GAN: Huang et al. 2024, equation 2). Only differences of scores mean something: a single
    score stands for no probability.

    Example:

    >>> loss = kerasgan.losses.Relativistic()
    >>> float(loss.discriminator(keras.ops.zeros(1), keras.ops.zeros(1))[0])  # log 2
    0.6931...
    """

    pairs = True

    def discriminator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `softplus(D(G(z)) - D(x))`."""
        return ops.softplus(fake_scores - real_scores)

    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `softplus(D(x) - D(G(z)))`."""
        return ops.softplus(real_scores - fake_scores)

    def probability(self, scores: Any) -> Any:
        """Returns the scores: only their differences stand for a probability."""
        return scores
