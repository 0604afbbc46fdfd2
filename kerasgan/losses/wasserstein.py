from __future__ import annotations

from typing import Any

import keras

from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class Wasserstein(AdversarialLoss):
    """The Kantorovich dual of the earth mover's distance.

    `-E[D(x)] + E[D(G(z))]` for the critic, `-E[D(G(z))]` for the generator (Arjovsky et al. 2017). The
    critic must be kept Lipschitz: with `kerasgan.constraints.WeightClipping` on its kernels, or with
    `kerasgan.penalties.WassersteinGradientPenalty`. If nothing does this, `compile` warns. The negated
    critic's loss estimates the distance.

    Example:

    >>> loss = kerasgan.losses.Wasserstein()
    >>> float(loss.discriminator(keras.ops.ones(1), keras.ops.zeros(1))[0])
    -1.0
    """

    needs_bounded_slope = True

    def discriminator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `D(G(z)) - D(x)`."""
        return fake_scores - real_scores

    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `-D(G(z))`."""
        return -fake_scores

    def probability(self, scores: Any) -> Any:
        """Returns the scores: a critic's score stands for no probability."""
        return scores
