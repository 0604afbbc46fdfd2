"""What a game is made of: turns, the minibatch a turn is played on, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
from keras import ops

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
class Outcome:
    """What a turn's objective gives.

    Attributes:
        loss: What the players minimize, one value per example or per score; the core averages.
        terms: Named terms to add to it, likewise; logged as `<turn>_<term>`.
        logs: Further named values to log as they are called, likewise.
    """

    loss: Any
    terms: Mapping[str, Any] = field(default_factory=dict)
    logs: Mapping[str, Any] = field(default_factory=dict)


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

    def evaluate(self, minibatch: Minibatch) -> tuple[Any, dict[str, Any]]:
        """Averages the objective over a minibatch.

        Returns:
            `(total, logs)`: the float32 scalar to minimize, and all that there is to log of it.
        """
        outcome = self.objective(minibatch)
        terms = {name: _mean(value) for name, value in outcome.terms.items()}
        regularization = [loss for player in self.players for loss in player.losses]
        if regularization:
            terms["regularization"] = _mean(sum(regularization))
        total = sum(terms.values(), _mean(outcome.loss))
        logs = {f"{self.name}_loss": total}
        logs.update({f"{self.name}_{name}": value for name, value in terms.items()})
        logs.update({name: _mean(value) for name, value in outcome.logs.items()})
        return total, logs


def _mean(values: Any) -> Any:
    return ops.mean(ops.cast(values, "float32"))


def _distinct(variables: Any) -> list[keras.Variable]:
    return list({id(variable): variable for variable in variables}.values())
