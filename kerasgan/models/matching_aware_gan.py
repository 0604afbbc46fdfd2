from __future__ import annotations

from dataclasses import replace

import keras
from keras import ops

from kerasgan.backend import all_rows_mean, roll_rows
from kerasgan.core import Minibatch, Outcome, Weighted
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.penalties.penalty import mean_per_example
from kerasgan.precision import full_precision


@keras.saving.register_keras_serializable(package="kerasgan")
class MatchingAwareGAN(ConditionalGAN):
    """A conditional GAN whose discriminator also sees real samples with wrong conditions (Reed et al. 2016).

    The discriminator of a `ConditionalGAN` can win by telling generated from real samples, whatever their
    conditions. Here it must look at the conditions too, since a real sample with the condition of another one
    is to be refused like a generated sample. It minimises `1/2 (L(s_r, s_f) + L(s_r, s_w))`, where
    `s_r = D(x, y)`, `s_f = D(G(z, y), y)` and `s_w = D(x, y')`. With the minimax loss it maximises
    `log s_r + 1/2 (log(1 - s_w) + log(1 - s_f))`, algorithm 1 of the paper (GAN-CLS).

    The wrong condition of each sample is that of its neighbour in the minibatch. Where it happens to equal
    the right one, the pair does not count: `L(s_r, s_w)` and `mismatch_probability`, which logs the mean
    `D(x, y')`, are means over the other pairs, and zero where there are none.

    A condition is whatever the sub-models take for one, such as the tokens of a caption: see
    `kerasgan.networks.text_encoder`.

    Args:
        generator: As in `ConditionalGAN`.
        discriminator: As in `ConditionalGAN`.
        prior: As in `GAN`. Defaults to `None`, a standard normal.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `name` and `dtype`, as in `keras.Model`.

    Raises:
        TypeError: If a sub-model is not a `keras.Model`.
        ValueError: If the prior, the generator and the discriminator do not fit each other.

    Example:

    >>> gan = kerasgan.MatchingAwareGAN(
    ...     generator=kerasgan.networks.mlp((4,), [8], (2,), number_of_classes=3),
    ...     discriminator=kerasgan.networks.mlp((2,), [8], (1,), number_of_classes=3),
    ... )
    >>> gan.compile()
    >>> history = gan.fit(np.zeros((32, 2)), np.arange(32) % 3, verbose=0)
    >>> "mismatch_probability" in history.history
    True
    """

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The discriminator tells real pairs from generated samples and from wrong conditions."""
        adversary, loss = self.adversary, self.adversary.loss
        real, fake = minibatch.real, ops.stop_gradient(self.fake(minibatch))
        mismatched = replace(minibatch, condition=roll_rows(minibatch.condition))
        real_scores, wrong_scores = (
            adversary.score(real, pairs) for pairs in (minibatch, mismatched)
        )
        fake_scores = adversary.score(fake, minibatch)

        differs = ops.not_equal(minibatch.condition, mismatched.condition)
        counts = ops.cast(mean_per_example(differs) > 0, full_precision())
        weight = ops.divide_no_nan(counts, all_rows_mean(counts))
        weight = ops.reshape(weight, (-1, *(1 for _ in wrong_scores.shape[1:])))
        matching = loss.discriminator(real_scores, fake_scores)
        mismatching = weight * loss.discriminator(real_scores, wrong_scores)
        return Outcome(
            0.5 * (matching + mismatching),
            adversary.terms("discriminator", real, fake, minibatch),
            {
                "real_probability": loss.probability(real_scores),
                "fake_probability": loss.probability(fake_scores),
                "mismatch_probability": Weighted(loss.probability(wrong_scores), counts),
            },
        )
