from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import ops

from kerasgan import schedules
from kerasgan.backend import input_gradient
from kerasgan.tensors import at_least_float32, flat


@dataclass(frozen=True)
class Encounter:
    """What a penalty sees of a turn: the two batches, and the discriminator as it meets them.

    Attributes:
        real: Real samples, `(batch, ...)`, float32; a dictionary of tensors, where samples are several.
        fake: Generated samples, likewise. In the generator's turn, differentiable.
        score: The discriminator in training mode, with the condition bound where there is one: samples in,
            scores out, a tensor or a list at several scales.
        discriminator: The discriminator itself, to find its parts.
        apply: Calls a model that takes what the discriminator takes (say, up to one of its layers) as
            `score` does: takes the model and samples, returns the model's outputs.
        seed: The `SeedGenerator` to draw from.
        condition: What the samples of each row have in common, `None` in an unconditional game. Defaults to
            `None`.
        latent: What the generated samples were made of, where the game has a prior. Defaults to `None`.
        turn: The name of the turn. Defaults to `"discriminator"`.
        output: What the discriminator makes of samples, with all that it returns beside scores. Defaults to
            `None`, `score`.
        step: How many updates the turn's players have made before, an integer or a scalar tensor, for
            weights along a curve. Defaults to `None`, not counted.
        view: Samples as the discriminator sees them, through the game's augmentation. `score`, `output` and
            `apply` see them so already. Defaults to the samples themselves.
        training: Whether this is the game (`True`, the default) or an evaluation of it.
    """

    real: Any
    fake: Any
    score: Callable[[Any], Any]
    discriminator: keras.Model
    apply: Callable[[keras.Model, Any], Any]
    seed: keras.random.SeedGenerator
    condition: Any = None
    latent: Any = None
    turn: str = "discriminator"
    output: Callable[[Any], Any] | None = None
    step: Any = None
    view: Callable[[Any], Any] = lambda samples: samples
    training: bool = True
    _outputs: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def real_output(self) -> Any:
        """What the discriminator returned for the real samples: computed once."""
        return self._once("real")

    @property
    def fake_output(self) -> Any:
        """What the discriminator returned for the generated samples: computed once."""
        return self._once("fake")

    def _once(self, samples: str) -> Any:
        # Not `cached_property`: before Python 3.12 it holds a lock, for which the threads of replicas would
        # wait that take turns within the discriminator.
        if samples not in self._outputs:
            self._outputs[samples] = (self.output or self.score)(getattr(self, samples))
        return self._outputs[samples]


class Penalty(ABC):
    """A term that is added to a turn's loss.

    A subclass writes `call`, which returns one value per example (or a scalar); the core averages, adds
    `weight` times it to the loss of the turn named by `turn`, and logs it as `<turn>_<name>`. Whatever else a
    discriminator returns beside its score (class logits, codes, features) is in the `Encounter`.

    Args:
        weight: The factor of the term, not negative; or a `keras.optimizers.schedules.LearningRateSchedule`
            of the turn's updates, such as `kerasgan.schedules.Cosine`, for a factor that follows a curve.
            Required.

    Attributes:
        turn: Whose loss it is added to, or a tuple of several turns. Defaults to `"discriminator"`.
        name: The class's name in snake case.
        needs_second_derivatives: Whether `call` takes a gradient of the score, which training then
            differentiates once more. Set it to `True` if yours does: `compile` then names the layers that
            cannot be differentiated twice. Defaults to `False`.

    Raises:
        ValueError: If `weight` is a negative number.

    Example:

    >>> class ScoreDrift(kerasgan.penalties.Penalty):  # Karras et al. 2018, appendix A.1
    ...     def call(self, encounter):
    ...         return keras.ops.square(encounter.score(encounter.real))
    >>> ScoreDrift(weight=1e-3).name
    'score_drift'
    """

    turn: str | tuple[str, ...] = "discriminator"
    needs_second_derivatives: bool = False

    def __init__(self, weight: float | schedules.Schedule) -> None:
        self.weight = schedules.number_or_schedule(
            "weight", weight, "a number that is not negative", lambda given: given >= 0
        )

    @property
    def turns(self) -> tuple[str, ...]:
        """The turns whose losses it is added to."""
        return (self.turn,) if isinstance(self.turn, str) else tuple(self.turn)

    @property
    def name(self) -> str:
        """The penalty's name in the logs."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()

    @abstractmethod
    def call(self, encounter: Encounter) -> Any:
        """Returns the unweighted term: one value per example, or a scalar."""

    def __call__(self, encounter: Encounter) -> Any:
        """Returns the weighted term."""
        return ops.multiply(self.current_weight(encounter), self.call(encounter))

    def current_weight(self, encounter: Encounter) -> Any:
        """Returns the weight after the updates that there have been: a number, or a float32 scalar.

        Raises:
            ValueError: If the weight follows a schedule, and the encounter does not say the step.
        """
        if encounter.step is None and schedules.is_schedule(self.weight):
            raise ValueError(
                f"Invalid `weight` of the penalty {self.name!r}. Expected a number, as the updates are not "
                f"counted here. Received: weight={self.weight!r}. Give `Encounter` a `step`."
            )
        return schedules.value_at(self.weight, encounter.step)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal penalty."""
        return {"weight": schedules.to_config(self.weight)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Penalty:
        """Makes the penalty that `get_config` described."""
        weight = {"weight": schedules.from_config(config["weight"])} if "weight" in config else {}
        return cls(**{**config, **weight})


def squared_gradient_norm(score: Callable[[Any], Any], samples: Any) -> Any:
    """Returns the squared norm of the gradient of the score at each sample.

    Of a discriminator with several scores per sample (patches) it is the gradient of their sum, as in the
    papers' code. What is differentiated is the sum over the whole batch: where batch normalization couples
    its rows, a sample's gradient holds what it does to the scores of the others.

    Args:
        score: Samples in, scores out.
        samples: Tensor `(batch, ...)`, or a dictionary of them.

    Returns:
        Tensor `(batch,)`, in float32, or float64 where the samples are.
    """
    gradients = keras.tree.flatten(input_gradient(score, samples))
    return sum(ops.sum(ops.square(flat(at_least_float32(each))), axis=-1) for each in gradients)
