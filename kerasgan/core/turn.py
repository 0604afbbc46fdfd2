"""The pieces of a game: turns, the minibatch that a turn is played on, and the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras
from keras import ops

from kerasgan.backend import parts_of_means
from kerasgan.core.turn_call import TurnCall
from kerasgan.part import rows_of


@dataclass(frozen=True)
class Minibatch:
    """The data for one step of a turn.

    Attributes:
        real: Real samples, `(batch, *sample_shape)`, in Keras's float type.
        condition: The condition of each sample, or `None` in an unconditional game.
        training: `True` in training, `False` in an evaluation.
        seed: The `SeedGenerator` for this step's draws.
    """

    real: Any
    condition: Any
    training: bool
    seed: keras.random.SeedGenerator

    @property
    def rows(self) -> Any:
        """How many examples the minibatch has."""
        return ops.shape(rows_of(self.real))[0]


@dataclass(frozen=True)
class Weighted:
    """Values with weights. A value of weight 0 does not count.

    Attributes:
        values: One value per example, `(batch, ...)`.
        weights: The weight of each example, a number or a boolean, `(batch,)`.
    """

    values: Any
    weights: Any


@dataclass(frozen=True)
class Outcome:
    """The result of a turn's objective.

    The core averages the values over the examples of a minibatch. Running means are averages over the
    examples of all minibatches. If only some examples count, use `Weighted`.

    Attributes:
        loss: The values that the players minimize: one per example or per score, or `Weighted`.
        terms: Terms to add to the loss, by name, in the same form. Each is logged as `<turn>_<term>`.
        logs: Other values to log, by name, in the same form. Each is logged under its name.
    """

    loss: Any
    terms: Mapping[str, Any] = field(default_factory=dict)
    logs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """A turn's objective on a minibatch, averaged.

    Attributes:
        total: The scalar to minimize. On replicas, this replica's part of it.
        means: The mean of each logged quantity. The mean of `<turn>_loss` does not include the terms.
        weights: The weight of each mean, next to other minibatches: how many examples it is a mean of.
    """

    total: Any
    means: Mapping[str, Any]
    weights: Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """One kind of move in a game: who moves, what they minimize, and how often.

    Attributes:
        name: The turn's name. Its loss is logged as `<name>_loss`.
        players: The sub-models, or layers with a state, whose weights change. No other weights change in the
            turn.
        objective: A function of a minibatch that returns the `Outcome` to minimize.
        steps: How many steps the turn takes in each round, each on a minibatch of its own.
    """

    name: str
    players: Sequence[keras.layers.Layer]
    objective: Callable[[Minibatch], Outcome]
    steps: int = 1

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """The variables that this turn minimizes over."""
        return _distinct(
            variable for player in self.players for variable in player.trainable_variables
        )

    @property
    def weights(self) -> list[keras.Variable]:
        """All weights of the players: trainable ones, and the statistics of layers."""
        return _distinct(weight for player in self.players for weight in player.weights)

    @property
    def moving_weights(self) -> list[keras.Variable]:
        """The weights that change: trainable ones, and the statistics of layers that are not frozen."""
        layers = [layer for player in self.players for layer in player._flatten_layers()]
        statistics = (v for each in layers if each.trainable for v in each._non_trainable_variables)
        return _distinct([*self.trainable_variables, *statistics])

    @property
    def loss_name(self) -> str:
        """The name of the turn's loss in the logs."""
        return f"{self.name}_loss"

    def term_name(self, term: str) -> str:
        """Returns the name of a term of the loss in the logs."""
        return f"{self.name}_{term}"

    def evaluate(
        self, minibatch: Minibatch, players: Sequence[keras.layers.Layer] | None = None
    ) -> Evaluation:
        """Averages the objective over a minibatch.

        Losses of the players' layers are added. Weight regularizers count once; `add_loss` and activity
        regularizers count for each call.

        Args:
            minibatch: The minibatch.
            players: Models to use instead of the players, such as their averages. Defaults to `None`: the
                players themselves.
        """

        def objective(real: Any, condition: Any) -> Outcome:
            return self.objective(replace(minibatch, real=real, condition=condition))

        call = TurnCall(self.name, self.players if players is None else players, objective)
        loss, terms, logs = call(minibatch.real, minibatch.condition)
        terms = {self.term_name(term): mean for term, mean in terms.items()}
        averages = {self.loss_name: loss, **terms, **logs}
        means, weights = parts_of_means(*zip(*averages.values(), strict=True))
        parts = dict(zip(averages, means, strict=True))
        total = sum((parts[term] for term in terms), parts[self.loss_name])
        return Evaluation(total, parts, dict(zip(averages, weights, strict=True)))


def _distinct(variables: Any) -> list[keras.Variable]:
    return list({id(variable): variable for variable in variables}.values())
