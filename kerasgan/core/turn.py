"""What a game is made of: turns, the minibatch a turn is played on, and what comes of it."""

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
    """The data one step of a turn is played on.

    Attributes:
        real: Real samples, `(batch, *sample_shape)`, Keras's float type.
        condition: The condition of each sample, or `None` in an unconditional game.
        training: Whether this is the game (`True`) or an evaluation of it.
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
    """Values that count by weights: what weighs 0 does not count.

    Attributes:
        values: One value per example, `(batch, ...)`.
        weights: The weight of each example, or whether it counts, `(batch,)`.
    """

    values: Any
    weights: Any


@dataclass(frozen=True)
class Outcome:
    """What a turn's objective gives.

    The core averages values over the examples of a minibatch, and running means over the examples of all
    minibatches. Where some examples alone count, say so with `Weighted`.

    Attributes:
        loss: What the players minimize, one value per example or per score, or `Weighted` ones.
        terms: Named terms to add to it, likewise; logged as `<turn>_<term>`.
        logs: Further named values to log as they are called, likewise.
    """

    loss: Any
    terms: Mapping[str, Any] = field(default_factory=dict)
    logs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """A turn's objective on a minibatch, averaged.

    Attributes:
        total: The scalar to minimize. Of replicas, the part of each.
        means: The mean of each logged quantity. That of `<turn>_loss` is without the terms.
        weights: What each mean weighs among those of other minibatches: the examples behind it.
    """

    total: Any
    means: Mapping[str, Any]
    weights: Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """One kind of move in a game: who moves, what they minimize, and how often.

    Attributes:
        name: The turn's name; its loss is logged as `<name>_loss`.
        players: The sub-models, or layers with a state, whose weights move. Nobody else's change in the turn.
        objective: What the players minimize, as a function of a minibatch.
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
        """All weights of the players: the trainable ones and their layers' statistics."""
        return _distinct(weight for player in self.players for weight in player.weights)

    @property
    def moving_weights(self) -> list[keras.Variable]:
        """What moves: the trainable variables, and the statistics of layers that are not frozen."""
        layers = [layer for player in self.players for layer in player._flatten_layers()]
        statistics = (v for each in layers if each.trainable for v in each._non_trainable_variables)
        return _distinct([*self.trainable_variables, *statistics])

    @property
    def loss_name(self) -> str:
        """What the turn's loss is called in the logs."""
        return f"{self.name}_loss"

    def term_name(self, term: str) -> str:
        """Returns what a term of the loss is called in the logs."""
        return f"{self.name}_{term}"

    def evaluate(
        self, minibatch: Minibatch, players: Sequence[keras.layers.Layer] | None = None
    ) -> Evaluation:
        """Averages the objective over a minibatch.

        What layers of the players add to the loss counts: weight regularizers once, `add_loss` and activity
        regularizers for each call.

        Args:
            minibatch: The minibatch.
            players: The models that stand for the players, such as their averages. Defaults to `None`, the
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
