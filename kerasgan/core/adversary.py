from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from kerasgan.backend import ends_in_sigmoid, logits_of
from kerasgan.core.inputs import conditioned, sole
from kerasgan.core.turn import Minibatch, Outcome
from kerasgan.losses import AdversarialLoss, NonSaturating
from kerasgan.penalties import Encounter, Penalty
from kerasgan.penalties.penalty import mean_per_example


class Adversary:
    """A discriminator, with the loss and the penalties that are played for.

    It turns a batch of real and a batch of generated samples, whatever these are (images, codes), into the
    outcome of the discriminator's or of the generator's turn.

    Args:
        discriminator: Any Keras model from samples, or samples and their conditions, to scores.
        inputs: The specifications of its inputs.
        measure: What the logs call a judgement: `"probability"` makes `real_probability` and so on.
    """

    def __init__(
        self,
        discriminator: keras.Model,
        inputs: Sequence[keras.KerasTensor],
        measure: str = "probability",
    ) -> None:
        self.discriminator = discriminator
        self.measure = measure
        self.loss: AdversarialLoss = NonSaturating()
        self.penalties: tuple[Penalty, ...] = ()
        self.ends_in_sigmoid = ends_in_sigmoid(
            lambda *tensors: discriminator(sole(tensors), training=False), inputs
        )

    def discriminator_outcome(self, real: Any, fake: Any, minibatch: Minibatch) -> Outcome:
        """Returns what the discriminator minimises, and its judgement of both batches."""
        real_scores, fake_scores = self.score(real, minibatch), self.score(fake, minibatch)
        return Outcome(
            self.loss.discriminator(real_scores, fake_scores),
            self._terms("discriminator", real, fake, minibatch),
            {
                f"real_{self.measure}": self.loss.probability(real_scores),
                f"fake_{self.measure}": self.loss.probability(fake_scores),
            },
        )

    def generator_outcome(self, real: Any, fake: Any, minibatch: Minibatch) -> Outcome:
        """Returns what the generator of `fake` minimises, and the discriminator's judgement of it."""
        real_scores = self.score(real, minibatch) if self.loss.pairs else None
        fake_scores = self.score(fake, minibatch)
        return Outcome(
            self.loss.generator(real_scores, fake_scores),
            self._terms("generator", real, fake, minibatch),
            {f"generator_{self.measure}": self.loss.probability(fake_scores)},
        )

    def score(self, samples: Any, minibatch: Minibatch) -> Any:
        """Returns the discriminator's scores of samples under the minibatch's conditions, in float32."""
        inputs = conditioned(samples, minibatch.condition)
        return self._as_scores(self.discriminator(inputs, training=minibatch.training))

    def judge(self, output: Any) -> Any:
        """Returns the judgement that the discriminator's output means, `(batch,)`, patches averaged."""
        return mean_per_example(self.loss.probability(self._as_scores(output)))

    def _as_scores(self, output: Any) -> Any:
        if self.ends_in_sigmoid and self.loss.on_logits:
            return logits_of(output)
        return ops.cast(output, "float32")

    def _terms(self, turn: str, real: Any, fake: Any, minibatch: Minibatch) -> dict[str, Any]:
        def apply(model: Callable[..., Any], samples: Any) -> Any:
            return model(conditioned(samples, minibatch.condition), training=minibatch.training)

        encounter = Encounter(
            real, fake, lambda samples: self.score(samples, minibatch), apply, minibatch.seed
        )
        return {
            penalty.name: penalty(encounter) for penalty in self.penalties if penalty.turn == turn
        }
