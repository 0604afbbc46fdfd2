from __future__ import annotations

import contextlib
import contextvars
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import losses
from kerasgan.backend import (
    cudnn_layers,
    ends_in_sigmoid,
    exact_moments,
    leave_cudnn,
    logits_of,
    operations_without_gradient,
    recorded_operations,
    undifferentiable_operations,
)
from kerasgan.core.inputs import conditioned, predict_structure, sole
from kerasgan.core.turn import Minibatch, Outcome, Turn
from kerasgan.penalties import Encounter, Penalty, get_all
from kerasgan.penalties.penalty import mean_per_example
from kerasgan.precision import full_precision

_IS_RESTORED = contextvars.ContextVar("is_restored", default=False)


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Says that discriminators come from a configuration, which does not hold `use_cudnn`."""
    token = _IS_RESTORED.set(True)
    try:
        yield
    finally:
        _IS_RESTORED.reset(token)


class Adversary:
    """A discriminator, with the loss and the penalties that are played for.

    It turns a batch of real and a batch of generated samples, whatever these are (images, codes), into the
    outcome of the discriminator's or of the generator's turn.

    Args:
        discriminator: Any Keras model from samples, or samples and their conditions, to scores; or, with
            `energy`, to reconstructions.
        inputs: The specifications of its inputs.
        energy: Turns `(samples, discriminator's output)` into a score for each sample, where the output is
            not a score itself. Defaults to `None`.
    """

    def __init__(
        self,
        discriminator: keras.Model,
        inputs: Sequence[keras.KerasTensor],
        energy: Callable[[Any, Any], Any] | None = None,
    ) -> None:
        self.discriminator = discriminator
        self.energy = energy
        self.measure = "probability" if energy is None else "energy"
        self.loss: losses.AdversarialLoss = losses.NonSaturating()
        self.penalties: tuple[Penalty, ...] = ()
        self.ends_in_sigmoid = ends_in_sigmoid(
            lambda *tensors: discriminator(sole(tensors), training=False), inputs
        )

    def prepare(self, loss: Any, penalties: Any, turns: Sequence[Turn]) -> None:
        """Sets what is played for in a game of the given turns.

        Raises:
            ValueError: If a penalty needs second derivatives that the discriminator does not have.
        """
        self.loss = losses.get(loss)
        self.penalties = get_all(penalties, [turn.name for turn in turns])
        for penalty in self.penalties:
            if penalty.needs_second_derivatives:
                self._differentiate_twice(penalty)

    def _differentiate_twice(self, penalty: Penalty) -> None:
        if _IS_RESTORED.get():
            # It was compiled with this penalty before, so it had `use_cudnn=False`, or no GPU.
            leave_cudnn(self.discriminator)
        layers = sorted(layer.name for layer in cudnn_layers(self.discriminator))
        if layers:
            raise ValueError(
                "Invalid value for argument `penalties`. Expected none that needs second derivatives: on a "
                f"GPU, cuDNN computes the layers {layers} of {self.discriminator.name!r}, and has none. "
                f"Received: {penalty.name!r}. Make these layers with `use_cudnn=False`. Keras forgets that "
                "in clones: there, set `layer.use_cudnn = False`."
            )

    def discriminator_outcome(self, real: Any, fake: Any, minibatch: Minibatch) -> Outcome:
        """Returns what the discriminator minimises, and its judgement of both batches."""
        real_scores, fake_scores = self.score(real, minibatch), self.score(fake, minibatch)
        return Outcome(
            self.loss.discriminator(real_scores, fake_scores),
            self.terms("discriminator", real, fake, minibatch),
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
            self.terms("generator", real, fake, minibatch),
            {f"generator_{self.measure}": self.loss.probability(fake_scores)},
        )

    def score(self, samples: Any, minibatch: Minibatch) -> Any:
        """Returns the discriminator's scores of samples and their conditions, in full precision."""
        inputs = conditioned(samples, minibatch.condition)
        with recorded_operations() if self._has_logits else contextlib.nullcontext():
            output = self.discriminator(inputs, training=minibatch.training)
        return self._as_scores(samples, output)

    def judge(self, samples: Any, condition: Any, batch_size: int) -> np.ndarray:
        """Judges any number of samples outside the game.

        Returns:
            The probability, score or energy of each sample, `(count,)`; those of patches are averaged.
        """
        inputs = conditioned(samples, condition)
        output = predict_structure(self.discriminator, inputs, batch_size)
        scores = self._as_scores(ops.convert_to_tensor(samples), ops.convert_to_tensor(output))
        return ops.convert_to_numpy(mean_per_example(self.loss.probability(scores)))

    @property
    def _has_logits(self) -> bool:
        """Whether a score is the logit of the discriminator's output."""
        return self.energy is None and self.ends_in_sigmoid and self.loss.on_logits

    def _as_scores(self, samples: Any, output: Any) -> Any:
        if self.energy is not None:
            return self.energy(samples, output)
        if self._has_logits:
            return logits_of(output)
        return ops.cast(output, full_precision())

    def terms(self, turn: str, real: Any, fake: Any, minibatch: Minibatch) -> dict[str, Any]:
        """Returns what the penalties of a turn add to its loss, by name."""

        def apply(model: Callable[..., Any], samples: Any) -> Any:
            return model(conditioned(samples, minibatch.condition), training=minibatch.training)

        encounter = Encounter(
            real=real,
            fake=fake,
            score=lambda samples: self.score(samples, minibatch),
            discriminator=self.discriminator,
            apply=apply,
            seed=minibatch.seed,
            condition=minibatch.condition,
        )
        return {
            penalty.name: self._term(penalty, encounter)
            for penalty in self.penalties
            if penalty.turn == turn
        }

    def _term(self, penalty: Penalty, encounter: Encounter) -> Any:
        """Returns a penalty's term, whose gradient is right; or raises where it would not be."""
        try:
            with exact_moments():
                term = penalty(encounter)
            faults = undifferentiable_operations(term, [encounter.real, encounter.fake])
        except LookupError as error:
            faults = operations_without_gradient(error)
        if faults:
            name, kind, reason = faults[0]
            raise ValueError(
                "Invalid value for argument `penalties`. Expected layers that can be differentiated as often "
                f"as the penalties do. Received: {penalty.name!r} and {self._layer_named_in(name)} with "
                f"{kind}: {reason}"
            )
        return term

    def _layer_named_in(self, scopes: str) -> str:
        """Returns the innermost layer of the discriminator that an operation's name tells."""
        names = {layer.name for layer in self.discriminator._flatten_layers(include_self=False)}
        for scope in reversed(scopes.split("/")):
            # A graph numbers the scopes of one name.
            for name in (scope, re.sub(r"_\d+$", "", scope)):
                if name in names:
                    return f"the layer {name!r}"
        return f"the discriminator {self.discriminator.name!r}"
