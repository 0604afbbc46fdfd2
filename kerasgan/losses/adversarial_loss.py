from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from keras import ops


class AdversarialLoss(ABC):
    """The two sides of an adversarial game, as functions of the discriminator's scores.

    A subclass writes `discriminator` and `generator`. Both take the scores that the discriminator gave to
    a batch of real and of generated samples, and return one value per score; averaging over the batch and
    over the patches of a patch discriminator is the core's.

    Scores are logits: where the discriminator ends in a sigmoid, they are that sigmoid's input, so that no
    loss saturates and no sigmoid is applied twice. What follows the sigmoid (reshapes, slices, permutations,
    pooling) is done to the logits in its place. A loss that is defined on the discriminator's own output
    instead sets `on_logits = False`.

    Attributes:
        on_logits: Whether the scores are logits (the default) or the discriminator's output as it is.
        pairs: Whether the generator's side looks at real scores too. Where it does not (the default),
            `generator` is called with `real_scores=None`, and the real samples need not be scored again.
        needs_bounded_slope: Whether the loss needs a discriminator whose slope something bounds, such as a
            gradient penalty. If nothing does, `compile` warns. Defaults to `False`.

    Example:

    >>> class Logistic(kerasgan.losses.AdversarialLoss):
    ...     def discriminator(self, real_scores, fake_scores):
    ...         return keras.ops.softplus(-real_scores) + keras.ops.softplus(fake_scores)
    ...
    ...     def generator(self, real_scores, fake_scores):
    ...         return keras.ops.softplus(-fake_scores)
    >>> float(Logistic().generator(None, keras.ops.zeros((1,)))[0])  # log 2
    0.6931...
    """

    on_logits: bool = True
    pairs: bool = False
    needs_bounded_slope: bool = False

    @abstractmethod
    def discriminator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns what the discriminator minimizes: one value per score."""

    @abstractmethod
    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns what the generator minimizes: one value per score."""

    def probability(self, scores: Any) -> Any:
        """Returns the probability of being real that the scores stand for.

        A loss whose scores stand for no probability (a critic's) overrides this to return them unchanged.
        """
        return ops.sigmoid(scores)

    def signs(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns 1 for each real sample that the discriminator takes for real, and -1 for each other one.

        Adaptive augmentation follows their mean (Karras et al. 2020, section 3). Where only differences of
        scores mean something, as of losses that pair samples, a real score is compared with a generated one.
        """
        return ops.sign(real_scores - fake_scores if self.pairs else real_scores)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal loss."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> AdversarialLoss:
        """Makes the loss that `get_config` described."""
        return cls(**config)
