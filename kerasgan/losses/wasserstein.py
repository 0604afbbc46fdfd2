from __future__ import annotations

from typing import Any

import keras

from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class Wasserstein(AdversarialLoss):
    """The dual form of the Wasserstein distance (earth mover's distance), by Kantorovich.

    The critic minimizes `-E[D(x)] + E[D(G(z))]`. The generator minimizes `-E[D(G(z))]`. The negative of the
    critic's loss estimates the distance.

    The critic must stay Lipschitz continuous. This loss alone does not ensure that. Add the penalty
    `kerasgan.penalties.WassersteinGradientPenalty`, or give the critic's layers a
    `kerasgan.constraints.WeightClipping` as their `kernel_constraint`. If nothing bounds the slope, `compile`
    warns.

    Reference: [Arjovsky et al., 2017](https://arxiv.org/abs/1701.07875).

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
        """Returns the scores unchanged: a critic's score is not a probability."""
        return scores
