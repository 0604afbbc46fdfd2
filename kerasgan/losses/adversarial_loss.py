from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from keras import ops


class AdversarialLoss(ABC):
    """What both players of a game minimize, as functions of the discriminator's scores.

    To write a loss of your own, subclass this and write `discriminator` and `generator`. Both methods take
    the scores of a batch of real samples and the scores of a batch of generated samples. Both return one
    value for each score. The game averages these values over the batch, and over the patches of a patch
    discriminator.

    Scores are logits. If the discriminator ends in a sigmoid, the scores are computed from the input of the
    sigmoid. So no loss saturates, and no sigmoid is applied twice. You may reshape, slice, permute or pool
    after the sigmoid: the scores are then the logits of the result. If your loss is defined on the output of
    the discriminator as it is, set `on_logits = False`.

    Attributes:
        on_logits: Whether the scores are logits. If not, they are the output of the discriminator as it is.
            Defaults to `True`.
        pairs: Whether `generator` needs the scores of real samples too. If not, `generator` is called with
            `real_scores=None`, and the generator's turn need not score real samples. Defaults to `False`.
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
        """Returns what the discriminator minimizes: one value for each score.

        Args:
            real_scores: The scores of real samples, a tensor.
            fake_scores: The scores of generated samples, a tensor of the same shape.
        """

    @abstractmethod
    def generator(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns what the generator minimizes: one value for each score.

        Args:
            real_scores: The scores of real samples. `None` if `pairs` is `False`.
            fake_scores: The scores of generated samples, a tensor.
        """

    def probability(self, scores: Any) -> Any:
        """Returns the probability that a sample is real, for each score.

        Override this if your scores do not give a probability, such as the scores of a critic. Then return
        the scores unchanged.
        """
        return ops.sigmoid(scores)

    def signs(self, real_scores: Any, fake_scores: Any) -> Any:
        """Returns 1 for each real sample that the discriminator judges to be real, and -1 for each other one.

        Adaptive augmentation uses the mean of these signs
        ([Karras et al., 2020](https://arxiv.org/abs/2006.06676), section 3). If `pairs` is `True`, each real
        score is compared with a generated score: in such a loss, only differences between scores mean
        something.
        """
        return ops.sign(real_scores - fake_scores if self.pairs else real_scores)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal loss."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> AdversarialLoss:
        """Makes the loss that a result of `get_config` describes."""
        return cls(**config)
