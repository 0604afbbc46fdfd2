from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class Relativistic(AdversarialLoss):
    """The relativistic pairing game (RpGAN): each real sample is compared with one generated sample.

    The discriminator minimizes `E[softplus(-(D(x) - D(G(z))))]`. The generator minimizes
    `E[softplus(-(D(G(z)) - D(x)))]`. With the penalties `R1` and `R2`, this game converges locally and covers
    modes well. Only differences between scores mean something. A single score is not a probability.

    References: [Jolicoeur-Martineau, 2019](https://arxiv.org/abs/1807.00734); R3GAN,
    [Huang et al., 2024](https://arxiv.org/abs/2501.05441), equation 2.

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
        """Returns the scores unchanged: only their differences give a probability."""
        return scores
