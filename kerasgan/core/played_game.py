from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan import losses
from kerasgan.arguments import counted
from kerasgan.backend import (
    after,
    all_replicas_mean,
    first_row,
    gradients_of_rows,
    number_of_replicas,
    value_and_gradients,
)
from kerasgan.core.adversary import Adversary
from kerasgan.core.saved_game import SavedGame
from kerasgan.core.sub_model import SubModel
from kerasgan.core.turn import Evaluation, Minibatch, Turn
from kerasgan.core.use import conditions_for
from kerasgan.datasets.dataset import to_units
from kerasgan.part import Part, rows_of
from kerasgan.penalties import Penalty
from kerasgan.training import check_element

Assignment = tuple[keras.Variable, Any]


class PlayedGame(SavedGame):
    """The game itself: its turns, and how a round of them is played.

    Attributes:
        samples: The `kerasgan.core.Part` of samples.
        condition: The part of conditions, which `generate` takes too. `None` in an unconditional game.
    """

    samples: Part
    condition: Part | None = None

    # Settings that most games have.
    loss: Any
    penalties: Any
    augmentation: Any = None

    # The parts of a game, which a subclass defines.

    @abstractmethod
    def turns(self) -> Sequence[Turn]:
        """Returns the turns of one round, in order."""

    @abstractmethod
    def fake(self, minibatch: Minibatch) -> Any:
        """Returns generated samples, one for each example of the minibatch."""

    @abstractmethod
    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the outputs of the model for its inputs, as for any Keras model."""

    @property
    def target(self) -> Part | None:
        """The part that `fit` takes as `y`: the conditions, unless the game learns labels."""
        return self.condition

    @property
    def conditional(self) -> bool:
        """Whether `generate` takes a condition for each sample."""
        return self.condition is not None

    @property
    def steps_per_round(self) -> int:
        """How many minibatches one round takes: as many as the turn with the most steps."""
        return max(turn.steps for turn in self.turns())

    def generating_models(self) -> Sequence[keras.Model]:
        """The sub-models that make samples. `generator_ema` averages their weights.

        They are the players of the turn `"generator"`, if there is one. A subclass can return others.
        """
        return [each for turn in self.turns() if turn.name == "generator" for each in turn.players]

    def call_specification(self) -> Any:
        """Returns the specification of the model's input. It is samples; a subclass can return others."""
        return self.samples.specification

    def knows_loss(self) -> bool:
        """Tells whether the loss is known: from `compile`, from a file, or because the paper fixes it."""
        has_choice = "loss" in type(self).settings_by_name
        return (
            not has_choice
            or bool(self.compiled_game.settings)
            or (self.kept.loss_of_file is not None)
        )

    def stakes(self) -> tuple[losses.AdversarialLoss, tuple[Penalty, ...]]:
        """Returns the loss and the penalties: the settings of these names, unless a game has others."""
        return self.loss, self.penalties

    def updates_of(self, turn: str) -> Any:
        """Returns a variable: how many updates a turn's players have made. 0 if the game has no such turn."""
        return self.optimizer[turn].iterations if turn in self.optimizer else 0

    def checked_condition(self, condition: Any, count: int) -> Any:
        """Returns one condition for each of `count` samples, or `None` in an unconditional game.

        Raises:
            ValueError: If a condition is missing or not expected, or does not fit.
        """
        return conditions_for(self, condition, count)

    def inverse_normalization(self) -> Callable[[Any], np.ndarray]:
        """Returns a function that brings generated samples to the units of the data (images to uint8).

        Raises:
            ValueError: If the game has no `normalization`, or a sample has several tensors.
        """
        normalization, names = self.normalization, self.samples.names
        if names is not None:
            raise ValueError(
                f"Invalid value for argument `normalized`. Expected True, since a sample is a dictionary of "
                f"{names}: `invert` of a normalization of its own brings each to its units. "
                "Received: normalized=False"
            )
        if normalization is None:
            raise ValueError(
                "Invalid value for argument `normalized`. Expected True, since this model does not know what "
                "the data were normalized by. Set `model.normalization`, such as to `dataset.normalization`, "
                "or give `normalization` when you make the model. Received: normalized=False"
            )
        return lambda samples: to_units(samples, normalization, normalization.images)

    def sub_model(self, argument: str, *parts: Part | None, of: str, hint: str = "") -> SubModel:
        """Returns a sub-model as a function of parts of the game's data. Also builds the sub-model.

        Args:
            argument: The sub-model's name: an attribute of the game.
            *parts: The parts that it takes. `None` stands for a part that the game does not have.
            of: A name of the parts, for error messages.
            hint: Text to add to the error if the sub-model does not accept the parts. Defaults to no text.
        """
        return SubModel(self, argument, parts, of, hint)

    def adversary_of(
        self,
        discriminator: SubModel,
        energy: Callable[[Any, Any], Any] | None = None,
        scores: Callable[[Any], Any] | None = None,
    ) -> Adversary:
        """Returns a discriminator with its loss and penalties, which are the game's `stakes`.

        Args:
            discriminator: The discriminator.
            energy: As in `Adversary`. Defaults to `None`.
            scores: As in `Adversary`. Defaults to `None`.
        """
        adversary = Adversary(discriminator, self, energy, scores)
        self.kept.adversaries.append(adversary)
        return adversary

    # The game.

    def play_round(self, data: Any) -> None:
        """Plays one round."""
        turns, steps = self.turns(), self.steps_per_round
        real, target = self._unpack(data)
        rows = rows_of(real).shape[0]
        if number_of_replicas() == 1 and rows is not None and rows < steps:
            raise ValueError(
                f"Invalid value for argument `x`. Expected at least one example for each of the {steps} "
                f"minibatches of a round. Received: {counted(rows, 'example')}"
            )
        # On replicas, the rows of a minibatch go on where those of the replica before end.
        before = first_row(ops.shape(rows_of(real))[0]) if steps > 1 else 0

        def every(value: Any, step: int) -> Any:
            rows = slice((step - before) % steps, None, steps)
            return keras.tree.map_structure(lambda tensor: tensor[rows], value)

        with after(data):
            for turn, log in zip(turns, self.compiled_game.turn_logs, strict=True):
                for step in range(steps - turn.steps, steps):
                    part = None if target is None else every(target, step)
                    minibatch = Minibatch(every(real, step), part, True, self.seed_generator)
                    played = self._play(turn, minibatch)
                    log.update_state(played.means, played.weights)
            self.update_averages()
            self.optimizer.count_round()

    def _play(self, turn: Turn, minibatch: Minibatch) -> Evaluation:
        """Takes one step of a turn: its players lower their objective, and all others stay as they are."""
        optimizer = self.optimizer[turn.name]
        variables = turn.trainable_variables

        def objective() -> tuple[Any, tuple[Evaluation, list[Assignment]]]:
            evaluation, assignments = self._evaluate(turn, minibatch, turn.players)
            # The gradients of replicas are added up, like their parts of the mean.
            return optimizer.scale_loss(evaluation.total), (evaluation, assignments)

        _, (evaluation, assignments), gradients = value_and_gradients(objective, variables)
        # The weights of all other sub-models stay as they are, including batch statistics.
        others = {id(v) for v in self.weights} - {id(v) for v in turn.weights}
        _assign([each for each in assignments if id(each[0]) not in others], minibatch.rows)
        optimizer.apply(gradients_of_rows(gradients, minibatch.rows), variables)
        return evaluation

    def _evaluate(
        self, turn: Turn, minibatch: Minibatch, players: Sequence[Any]
    ) -> tuple[Evaluation, list[Assignment]]:
        """Evaluates a turn. Returns what sub-models would assign (batch statistics, seeds), unassigned."""
        # The scope holds the players' variables, because Keras looks there for their regularization.
        read = [variable for player in players for variable in player.trainable_variables]
        held = keras.StatelessScope([(v, v) for v in read], collect_losses=True)
        before = {id(v): held.get_current_value(v) for v in read}
        with held:
            evaluation = turn.evaluate(minibatch, players)
        assignments = [
            (variable, value)
            for variable in self._assigned_in_turns()
            if (value := held.get_current_value(variable)) is not before.get(id(variable))
        ]
        return evaluation, assignments

    def _assigned_in_turns(self) -> list[keras.Variable]:
        models = [variable for model in self.judged_models() for variable in model.variables]
        return [*models, *self.compiled_game.variables_of_settings]

    def evaluate_round(self, data: Any) -> None:
        """Evaluates the objective of every turn, without an update."""
        real, target = self._unpack(data)
        minibatch = Minibatch(real, target, False, self.evaluation_seed_generator)
        with after(data):
            for turn, log in zip(self.turns(), self.compiled_game.turn_logs, strict=True):
                players = [self.averaged(player) for player in turn.players]
                evaluation, assignments = self._evaluate(turn, minibatch, players)
                _assign(assignments, minibatch.rows)
                log.update_state(evaluation.means, evaluation.weights, record=False)
            if self.compiled_game.metrics:
                fake = self.fake(minibatch)
                for metric in self.compiled_game.metrics:
                    metric.update_state(real, fake)

    def _unpack(self, data: Any) -> tuple[Any, Any]:
        real, target, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        check_element([real, target, sample_weight], self.samples, self.target)
        if target is not None:
            target = keras.tree.map_structure(ops.convert_to_tensor, target)
        floatx = keras.config.floatx()
        real = keras.tree.map_structure(lambda x: ops.cast(x, floatx), real)
        if target is not None and self.target is not None:
            target, are_labels = self.target.played(target)
            if are_labels is not None:
                # With a label out of range the samples become NaN, and training ends with an error.
                real = keras.tree.map_structure(
                    lambda x: ops.where(are_labels, x, ops.full_like(x, float("nan"))), real
                )
        return real, target


def _assign(assignments: Sequence[Assignment], rows: Any) -> None:
    """Makes the assignments of one replica that has `rows` rows."""
    for variable, value in assignments:
        # Each replica has the statistics of its own rows. Keras would not average them over the replicas.
        is_statistic = keras.backend.is_float_dtype(variable.dtype)
        variable.assign(all_replicas_mean(value, rows) if is_statistic else value)
