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
    """What a penalty sees of a turn: real and generated samples, and the discriminator that judges them.

    Attributes:
        real: Real samples, `(batch, ...)`, float32. A dictionary of tensors if a sample has several.
        fake: Generated samples, in the same form. In the generator's turn they are differentiable.
        score: The discriminator in training mode: a function from samples to scores. Conditions are passed on
            to the discriminator, if the game has conditions. The scores are a tensor, or a list at several
            scales.
        discriminator: The discriminator itself, so that a penalty can find its layers.
        apply: A function of a model and samples that returns the model's outputs. The model takes the same
            inputs as the discriminator, and may end at one of its layers. It is called in the same way as
            `score`.
        seed: The `SeedGenerator` to draw from.
        condition: The condition of each row, for both samples of the row. Defaults to `None`: the game has no
            conditions.
        latent: The latent samples that the generated samples were made from. Defaults to `None`: the game has
            no prior.
        turn: The name of the turn. Defaults to `"discriminator"`.
        output: A function from samples to everything that the discriminator returns, such as class logits
            beside the score. Defaults to `None`: the same as `score`.
        step: How many updates the players of the turn have made before, an integer or a scalar tensor.
            Weights with a schedule need it. Defaults to `None`: not counted.
        view: A function that returns samples as the discriminator sees them: augmented, if the game has an
            augmentation. `score`, `output` and `apply` already augment their samples. Defaults to a function
            that changes nothing.
        training: Whether the game is trained (`True`) or only evaluated. Defaults to `True`.
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
        """What the discriminator returned for the real samples. It is computed only once."""
        return self._once("real")

    @property
    def fake_output(self) -> Any:
        """What the discriminator returned for the generated samples. It is computed only once."""
        return self._once("fake")

    def _once(self, samples: str) -> Any:
        # Not `cached_property`: before Python 3.12 it holds a lock. Threads of replicas take turns inside the
        # discriminator, so each would wait for the other.
        if samples not in self._outputs:
            self._outputs[samples] = (self.output or self.score)(getattr(self, samples))
        return self._outputs[samples]


class Penalty(ABC):
    """A term that is added to the loss of a turn.

    To write a penalty of your own, subclass this and write `call`. It returns one value for each example, or
    a scalar. The game averages the values, multiplies the mean by `weight`, adds it to the loss of the turn
    that `turn` names, and logs it as `<turn>_<name>`. If a discriminator returns more than its score, such as
    class logits, codes or features, you find it in the `Encounter`.

    Args:
        weight: The factor of the term: a number that is not negative. For a factor that changes during
            training, a `keras.optimizers.schedules.LearningRateSchedule` of the turn's updates, such as
            `kerasgan.schedules.Cosine`.

    Attributes:
        turn: The turn whose loss the term is added to, or a tuple of several turns. Defaults to
            `"discriminator"`.
        name: The penalty's name in the logs. Defaults to the name of the class in snake case.
        needs_second_derivatives: Whether `call` computes a gradient of the score. Training then
            differentiates this gradient. If your penalty does so, set this to `True`: `compile` then names
            the layers that cannot be differentiated twice. Defaults to `False`.

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
        """The turns whose losses the term is added to."""
        return (self.turn,) if isinstance(self.turn, str) else tuple(self.turn)

    @property
    def name(self) -> str:
        """The penalty's name in the logs."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).lower()

    @abstractmethod
    def call(self, encounter: Encounter) -> Any:
        """Returns the unweighted term: one value for each example, or a scalar.

        Args:
            encounter: What the penalty sees of the turn, an `Encounter`.
        """

    def __call__(self, encounter: Encounter) -> Any:
        """Returns the weighted term."""
        return ops.multiply(self.current_weight(encounter), self.call(encounter))

    def current_weight(self, encounter: Encounter) -> Any:
        """Returns the weight after the updates so far: a number, or a float32 scalar.

        Args:
            encounter: What the penalty sees of the turn. Its `step` counts the updates.

        Raises:
            ValueError: If the weight is a schedule, but the `step` of the encounter is `None`.
        """
        if encounter.step is None and schedules.is_schedule(self.weight):
            raise ValueError(
                f"Invalid `weight` of the penalty {self.name!r}. Expected a number, because this encounter "
                f"does not count updates. Received: weight={self.weight!r}. Give `Encounter` a `step`."
            )
        return schedules.value_at(self.weight, encounter.step)

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal penalty."""
        return {"weight": schedules.to_config(self.weight)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Penalty:
        """Makes the penalty that a result of `get_config` describes."""
        weight = {"weight": schedules.from_config(config["weight"])} if "weight" in config else {}
        return cls(**{**config, **weight})


def squared_gradient_norm(score: Callable[[Any], Any], samples: Any) -> Any:
    """Returns the squared norm of the gradient of the score at each sample.

    If a discriminator gives several scores for each sample (patches), it is the gradient of their sum, as in
    the papers' code. The sum over the whole batch is differentiated. So if batch normalization couples the
    rows, the gradient of a sample includes its effect on the scores of other samples.

    Args:
        score: A function from samples to scores.
        samples: Tensor `(batch, ...)`, or a dictionary of tensors.

    Returns:
        Tensor `(batch,)` in float32, or in float64 if the samples are float64.
    """
    gradients = keras.tree.flatten(input_gradient(score, samples))
    return sum(ops.sum(ops.square(flat(at_least_float32(each))), axis=-1) for each in gradients)
