from __future__ import annotations

import contextlib
import contextvars
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
from keras import ops

from kerasgan import losses
from kerasgan.arguments import invalid
from kerasgan.backend import (
    all_replicas_sum,
    all_rows_mean,
    cudnn_layers,
    ends_in_sigmoid,
    exact_moments,
    leave_cudnn,
    logits_of,
    operations_without_gradient,
    recorded_operations,
    undifferentiable_operations,
)
from kerasgan.core.inner_layer import inner_layer
from kerasgan.core.sub_model import SubModel
from kerasgan.core.turn import Minibatch, Outcome
from kerasgan.core.view import View
from kerasgan.penalties import Encounter, Penalty
from kerasgan.tensors import at_least_float32, mean_per_example

logger = logging.getLogger("kerasgan")

_IS_RESTORED = contextvars.ContextVar("is_restored", default=False)


@contextlib.contextmanager
def restored() -> Iterator[None]:
    """Marks discriminators as made from a configuration, which does not hold `use_cudnn`."""
    token = _IS_RESTORED.set(True)
    try:
        yield
    finally:
        _IS_RESTORED.reset(token)


def unbounded_layers(model: keras.Model) -> list[str]:
    """Returns the names of layers that train a kernel without a constraint or spectral normalization.

    Example:

    >>> clipping = kerasgan.constraints.WeightClipping()
    >>> dense = keras.layers.Dense
    >>> layers = [dense(2, kernel_constraint=clipping), dense(1, name="last")]
    >>> unbounded_layers(keras.Sequential([keras.Input((2,)), *layers]))
    ['last']
    """
    layers = model._flatten_layers()
    normalized = [each for each in layers if isinstance(each, keras.layers.SpectralNormalization)]
    bounded = {id(each) for outer in normalized for each in (outer, outer.layer)}
    kernels = {
        layer.name: layer.kernel
        for layer in layers
        if isinstance(getattr(layer, "kernel", None), keras.Variable) and id(layer) not in bounded
    }
    return [name for name, kernel in kernels.items() if kernel.trainable and not kernel.constraint]


class Adversary:
    """A discriminator, with its loss and its penalties.

    It takes a batch of real and a batch of generated samples (images, codes or anything else). It computes
    the outcome of the discriminator's turn or of the generator's turn.

    A discriminator can return one of these:

    - one tensor, with one score for each sample, or several (patches);
    - a list of such tensors, for several scales. Each scale is judged and counts like a discriminator of its
      own;
    - a dictionary. Its entry `score` is one of the above. Its other entries are for penalties
      (`Encounter.real_output`).

    Args:
        discriminator: The discriminator, as a function of samples and conditions (if there are any).
        game: The game. Its `stakes` are a `kerasgan.losses.AdversarialLoss` and the penalties.
        energy: A function of `(samples, discriminator's output)` that returns a score for each sample, if the
            output itself is not a score. Defaults to `None`.
        scores: A function that returns the scores in the discriminator's output, if the output is none of the
            above. Defaults to `None`.

    Raises:
        ValueError: If the discriminator returns a dictionary without `score`.
    """

    def __init__(
        self,
        discriminator: SubModel,
        game: Any,
        energy: Callable[[Any, Any], Any] | None = None,
        scores: Callable[[Any], Any] | None = None,
    ) -> None:
        self.discriminator = discriminator
        self.energy = energy
        self.measure = "probability" if energy is None else "energy"
        self._game = game
        self._find_scores = scores
        output = discriminator.output
        if scores is None and isinstance(output, Mapping) and "score" not in output:
            raise invalid(
                discriminator.argument, sorted(output), "a model whose outputs include 'score'"
            )
        self._end_in_sigmoid = [
            ends_in_sigmoid(
                lambda *tensors, at=index: self._each(discriminator.of_tensors(tensors))[at],
                discriminator.tensors,
            )
            for index in range(1 if scores is not None else len(self._each(output)))
        ]

    @property
    def loss(self) -> losses.AdversarialLoss:
        """The loss of the game."""
        return self._game.stakes()[0]

    @property
    def knows_scores(self) -> bool:
        """Whether it is known what a score means: from the loss, or from a sigmoid."""
        is_told = self.energy is not None or all(self._end_in_sigmoid)
        return is_told or self._game.knows_loss()

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """The penalties of the game."""
        return self._game.stakes()[1]

    def check(self) -> None:
        """Raises a `ValueError` if a penalty needs second derivatives and the discriminator has none.

        Warns if the loss needs a discriminator with a bounded slope, and nothing bounds it.
        """
        model = self.discriminator.model
        for penalty in self.penalties:
            if not penalty.needs_second_derivatives:
                continue
            if _IS_RESTORED.get():
                # It was compiled with this penalty before, so it had `use_cudnn=False`, or no GPU.
                leave_cudnn(model)
            layers = sorted(layer.name for layer in cudnn_layers(model))
            if layers:
                raise ValueError(
                    "Invalid value for argument `penalties`. Expected none that needs second derivatives: "
                    f"on a GPU, cuDNN computes the layers {layers} of {model.name!r}, and has none. "
                    f"Received: {penalty.name!r}. Make these layers with `use_cudnn=False`. Keras forgets "
                    "that in clones: there, set `layer.use_cudnn = False`."
                )
        if self.loss.needs_bounded_slope and not _IS_RESTORED.get():
            self._warn_of_unbounded_slope(model)

    def _warn_of_unbounded_slope(self, model: keras.Model) -> None:
        # A penalty of the generator alone, such as feature matching, does not bound the discriminator.
        if any(turn != "generator" for penalty in self.penalties for turn in penalty.turns):
            return
        free = unbounded_layers(model)
        if free:
            logger.warning(
                "The loss %s needs a critic whose slope is bounded. Nothing bounds the layer %r of %r. Add "
                "penalties=['wasserstein_gradient_penalty'] to compile, or give every layer with a kernel "
                "kernel_constraint=kerasgan.constraints.WeightClipping(0.01).",
                type(self.loss).__name__,
                free[0],
                model.name,
            )

    def discriminator_outcome(
        self, real: Any, fake: Any, minibatch: Minibatch, latent: Any = None
    ) -> Outcome:
        """Returns what the discriminator minimizes, and its judgment of both batches."""
        return self.outcome(self.encounter("discriminator", real, fake, minibatch, latent))

    def outcome(self, encounter: Encounter) -> Outcome:
        """Does the same as `discriminator_outcome`, for a game that needs the encounter for more."""
        real_scores, fake_scores = self._scores(encounter, real=True), self._scores(encounter)
        logs = self._follow(encounter, real_scores, fake_scores)
        loss = [
            self.loss.discriminator(*each) for each in zip(real_scores, fake_scores, strict=True)
        ]
        return Outcome(
            _total(loss),
            self._terms(encounter),
            {
                f"real_{self.measure}": self._probability(real_scores),
                f"fake_{self.measure}": self._probability(fake_scores),
                **logs,
            },
        )

    def generator_outcome(
        self, real: Any, fake: Any, minibatch: Minibatch, latent: Any = None
    ) -> Outcome:
        """Returns what the generator of `fake` minimizes, and the discriminator's judgment of it."""
        encounter = self.encounter("generator", real, fake, minibatch, latent)
        fake_scores = self._scores(encounter)
        real_scores = (
            self._scores(encounter, real=True) if self.loss.pairs else [None] * len(fake_scores)
        )
        loss = [self.loss.generator(*each) for each in zip(real_scores, fake_scores, strict=True)]
        return Outcome(
            _total(loss),
            self._terms(encounter),
            {f"generator_{self.measure}": self._probability(fake_scores)},
        )

    def real_score(self, encounter: Encounter) -> Any:
        """Returns the scores of the real samples of an encounter, which are computed once."""
        return _sole(self._scores(encounter, real=True))

    def score(self, samples: Any, condition: Any = None, training: bool = False) -> Any:
        """Returns the discriminator's scores of samples: one tensor, or a list at several scales."""
        return _sole(self._scores_in(samples, self._output(samples, condition, training)))

    def judge(self, samples: Any, condition: Any = None) -> Any:
        """Returns the probability, score or energy of each sample, `(batch,)`, averaged over patches.

        Raises:
            ValueError: If the loss is not known, so that it is not known what a score means.
        """
        if not self.knows_scores:
            raise ValueError(
                "The loss says whether the scores of the discriminator "
                f"{self.discriminator.model.name!r} stand for probabilities, and it is not known. Call "
                "`compile` with the loss that it is trained with."
            )
        return self._probability(self._scores_in(samples, self._output(samples, condition, False)))

    def terms(self, turn: str, real: Any, fake: Any, minibatch: Minibatch) -> dict[str, Any]:
        """Returns what the penalties of a turn add to its loss, by name."""
        return self._terms(self.encounter(turn, real, fake, minibatch))

    def encounter(
        self, turn: str, real: Any, fake: Any, minibatch: Minibatch, latent: Any = None
    ) -> Encounter:
        """Returns the data of a turn that penalties can use.

        In training, the discriminator sees samples after the game's augmentation. One draw is used for all
        samples of a row: the real one, the generated one, and those that a penalty computes from them.
        """
        training, step = minibatch.training, self._game.updates_of(turn)
        view = View(self._game.augmentation if training else None, minibatch, step)

        def score(samples: Any) -> Any:
            seen, condition = view(samples)
            return self.score(seen, condition, training)

        def apply(model: keras.Model, samples: Any) -> Any:
            return self.discriminator(*view(samples), training=training, model=model)

        return Encounter(
            turn=turn,
            real=real,
            fake=fake,
            latent=latent,
            condition=minibatch.condition,
            seed=minibatch.seed,
            discriminator=self.discriminator.model,
            output=lambda samples: self._output(*view(samples), training),
            score=score,
            apply=apply,
            step=step,
            view=lambda samples: view(samples)[0],
            training=training,
        )

    def _follow(
        self, encounter: Encounter, real_scores: list[Any], fake_scores: list[Any]
    ) -> dict[str, Any]:
        """Tells the augmentation how sure the discriminator is, and returns the values that it logs."""
        augmentation = self._game.augmentation
        if augmentation is None:
            return {}
        logs = augmentation.logs(encounter.step)
        if augmentation.follows_signs and encounter.training:
            signs = [
                mean_per_example(self.loss.signs(*each))
                for each in zip(real_scores, fake_scores, strict=True)
            ]
            rows = ops.ones_like(signs[0])
            augmentation.update(
                all_rows_mean(sum(signs) / len(signs)), all_replicas_sum(ops.sum(rows))
            )
        return logs

    def _output(self, samples: Any, condition: Any, training: bool) -> Any:
        with recorded_operations() if self._has_logits else contextlib.nullcontext():
            return self.discriminator(samples, condition, training=training)

    def _scores(self, encounter: Encounter, real: bool = False) -> list[Any]:
        samples = encounter.real if real else encounter.fake
        if self.energy is not None:
            samples = encounter.view(samples)
        return self._scores_in(samples, encounter.real_output if real else encounter.fake_output)

    def _scores_in(self, samples: Any, output: Any) -> list[Any]:
        if self.energy is not None:
            return [self.energy(samples, output)]
        scores = self._each(output)
        return [
            logits_of(each) if is_sigmoid and self.loss.on_logits else at_least_float32(each)
            for each, is_sigmoid in zip(scores, self._end_in_sigmoid, strict=True)
        ]

    @property
    def _has_logits(self) -> bool:
        """Whether a score is the logit of the discriminator's output."""
        return self.energy is None and any(self._end_in_sigmoid) and self.loss.on_logits

    def _each(self, output: Any) -> list[Any]:
        """Returns the scores at each scale in what the discriminator returned."""
        if self._find_scores is not None:
            return [self._find_scores(output)]
        scores = output["score"] if isinstance(output, Mapping) else output
        return list(scores) if isinstance(scores, (list, tuple)) else [scores]

    def _probability(self, scores: list[Any]) -> Any:
        return sum(mean_per_example(self.loss.probability(each)) for each in scores) / len(scores)

    def _terms(self, encounter: Encounter) -> dict[str, Any]:
        return {
            penalty.name: self._term(penalty, encounter)
            for penalty in self.penalties
            if encounter.turn in penalty.turns
        }

    def _term(self, penalty: Penalty, encounter: Encounter) -> Any:
        """Returns a penalty's term, or raises if its gradient would be wrong."""
        try:
            with exact_moments():
                term = penalty(encounter)
            samples = keras.tree.flatten([encounter.real, encounter.fake])
            faults = undifferentiable_operations(term, samples)
        except LookupError as error:
            faults = operations_without_gradient(error)
        if faults:
            name, kind, reason = faults[0]
            raise ValueError(
                "Invalid value for argument `penalties`. Expected layers that can be differentiated as often "
                f"as the penalties do. Received: {penalty.name!r} and "
                f"{inner_layer(self.discriminator.model, name)} with {kind}: {reason}"
            )
        return term


def _sole(scores: list[Any]) -> Any:
    return scores[0] if len(scores) == 1 else scores


def _total(losses_of_scales: list[Any]) -> Any:
    """Returns the loss of a single scale unchanged, and the sum of several scales for each example."""
    if len(losses_of_scales) == 1:
        return losses_of_scales[0]
    return sum(mean_per_example(each) for each in losses_of_scales)
