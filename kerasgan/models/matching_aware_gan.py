from __future__ import annotations

from typing import Any

import keras
from keras import ops

from kerasgan.backend import roll_rows
from kerasgan.core import Minibatch, Outcome, Weighted
from kerasgan.models._labels import row_weights
from kerasgan.models.conditional_gan import ConditionalGAN
from kerasgan.precision import full_precision
from kerasgan.tensors import mean_per_example


@keras.saving.register_keras_serializable(package="kerasgan")
class MatchingAwareGAN(ConditionalGAN):
    """A conditional GAN whose discriminator also sees real samples with wrong conditions (Reed et al. 2016).

    The discriminator of a `ConditionalGAN` can tell generated from real samples without a look at their
    conditions. Here it must look at them, because it also has to refuse real samples with a wrong condition.
    It minimizes `1/2 (L(s_r, s_f) + L(s_r, s_w))`, where `s_r = D(x, y)`, `s_f = D(G(z, y), y)` and `s_w =
    D(x, y')`. With the minimax loss it maximizes `log s_r + 1/2 (log(1 - s_w) + log(1 - s_f))`. That is
    algorithm 1 of the paper (GAN-CLS).

    The wrong condition of a sample is the condition of its neighbor in the minibatch. If both conditions are
    equal, the pair does not count. `L(s_r, s_w)` is a mean over the other pairs, and so is
    `mismatch_probability`, the mean of `D(x, y')` in the logs. Both are zero if there are no other pairs.

    Your sub-models decide what a condition is. It can be the tokens of a caption: see
    `kerasgan.networks.text_encoder`.

    Args:
        generator: As in `ConditionalGAN`.
        discriminator: As in `ConditionalGAN`.
        prior: As in `GAN`. Defaults to `None`, a standard normal.
        seed: As in `GAN`. Defaults to `None`.
        **kwargs: `normalization`, how the data were normalized (see `kerasgan.core.AdversarialModel`); `name`
            and `dtype`, as in `keras.Model`.

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

    # No augmentation: the wrong conditions are from other samples, whose transformation would be different.
    augmentation = None

    def discriminator_objective(self, minibatch: Minibatch) -> Outcome:
        """The discriminator tells real pairs from generated samples and from wrong conditions."""
        adversary, condition = self.adversary, minibatch.condition
        latent, fake = self.draw(minibatch)
        real, fake = minibatch.real, ops.stop_gradient(fake)
        mismatch = keras.tree.map_structure(roll_rows, condition)
        encounter = adversary.encounter("discriminator", real, fake, minibatch, latent)
        matching = adversary.outcome(encounter)
        real_scores = adversary.real_score(encounter)
        wrong_scores = adversary.score(real, mismatch, minibatch.training)

        differ = _differ(condition, mismatch)
        weight = row_weights(differ)
        weight = ops.reshape(weight, (-1, *(1 for _ in wrong_scores.shape[1:])))
        mismatching = weight * adversary.loss.discriminator(real_scores, wrong_scores)
        probability = Weighted(adversary.loss.probability(wrong_scores), differ)
        return Outcome(
            0.5 * (matching.loss + mismatching),
            matching.terms,
            {**matching.logs, "mismatch_probability": probability},
        )


def _differ(first: Any, second: Any) -> Any:
    """Tells for each row whether two conditions differ."""
    pairs = zip(keras.tree.flatten(first), keras.tree.flatten(second), strict=True)
    shares = [mean_per_example(ops.cast(ops.not_equal(a, b), full_precision())) for a, b in pairs]
    return sum(shares) > 0
