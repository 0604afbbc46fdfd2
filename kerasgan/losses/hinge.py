from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.losses.adversarial_loss import AdversarialLoss


@keras.saving.register_keras_serializable(package="kerasgan")
class Hinge(AdversarialLoss):
    """The hinge loss: samples whose score is beyond a margin of 1 do not change the critic.

    The critic minimizes `E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]`. The generator minimizes
    `-E[D(G(z))]`. A critic's score is not a probability.

    References: [Lim & Ye, 2017](https://arxiv.org/abs/1705.02894);
    [Miyato et al., 2018](https://arxiv.org/abs/1802.05957), equations 16 and 17.

    Example:

    >>> loss = kerasgan.losses.Hinge()
    >>> float(loss.discriminator(keras.ops.ones(1), -keras.ops.ones(1))[0])
    0.0
    """

    def discriminator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `max(0, 1 - D(x)) + max(0, 1 + D(G(z)))`."""
        return ops.relu(1.0 - real_scores) + ops.relu(1.0 + fake_scores)

    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns `-D(G(z))`."""
        return -fake_scores

    def probability(self, scores: Any) -> Any:
        """Returns the scores unchanged: a critic's score is not a probability."""
        return scores
