from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import counted, random_seed
from kerasgan.backend import (
    after,
    all_replicas_mean,
    execution,
    first_row,
    gradients_of_rows,
    number_of_replicas,
    step_logs,
    value_and_gradients,
)
from kerasgan.core.compiling import Compiling
from kerasgan.core.export import Exporting
from kerasgan.core.fitting import Fitting
from kerasgan.core.saving import Saving
from kerasgan.core.training_data import check_element
from kerasgan.core.turn import Evaluation, Minibatch, Turn

Assignment = tuple[keras.Variable, Any]


class AdversarialModel(Compiling, Fitting, Saving, Exporting):
    """A game between sub-models, as a Keras model.

    A game is a list of turns (`kerasgan.core.turn.Turn`). A turn says which sub-models move, what they
    minimise, and how often. One training step is one round: it plays the turns in order, every step of a
    turn on a fresh minibatch. This class plays them, and it alone touches an optimizer. What else a Keras
    model owes its user is elsewhere: `compile` and logs (`Compiling`), data (`Fitting`), files (`Saving`,
    `Exporting`).

    A subclass writes `turns`, `fake`, `call`, `specification`, and a `compile` that calls `compile_game` with
    an optimizer for each turn.

    Args:
        seed: Where all of the game's random draws start. Defaults to `None`, a seed that
            `keras.utils.set_random_seed` decides.
        **kwargs: Those of `keras.Model`: `name`, `dtype`.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        seed = random_seed(seed)
        super().__init__(seed=seed, **kwargs)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except ValueError as error:
            if "new elements of state" not in str(error):
                raise
            raise ValueError(
                f"Invalid assignment to `{name}` of `{type(self).__name__}`. Expected no other sub-models "
                "once the game is built, since its turns and its optimizers belong to those that it was made "
                "with. Make a new game; in a subclass, set further sub-models before `super().__init__()`, "
                f"which builds the game. Received: {name}={value!r}"
            ) from error

    # What Keras makes of a step.
    train_function: Any
    test_function: Any

    # What a game is made of.

    @abstractmethod
    def turns(self) -> Sequence[Turn]:
        """Returns the turns of one round, in their order."""

    @abstractmethod
    def fake(self, minibatch: Minibatch) -> Any:
        """Returns generated samples, one for each example of the minibatch."""

    # The game.

    def play_round(self, data: Any) -> None:
        """Plays one round."""
        turns, steps = self.turns(), self.steps_per_round
        real, condition = self._unpack(data)
        alone = number_of_replicas() == 1
        if alone and real.shape[0] is not None and real.shape[0] < steps:
            raise ValueError(
                f"Invalid value for argument `x`. Expected at least one example for each of the {steps} "
                f"minibatches of a round. Received: {counted(real.shape[0], 'example')}"
            )
        # On replicas the rows of one minibatch start where those of the replica before end.
        before = first_row(ops.shape(real)[0]) if steps > 1 else 0
        with after(data):
            for turn, log in zip(turns, self._compiled.turn_logs, strict=True):
                for step in range(steps - turn.steps, steps):
                    rows = slice((step - before) % steps, None, steps)
                    part = None if condition is None else condition[rows]
                    minibatch = Minibatch(real[rows], part, True, self.seed_generator)
                    played = self._play(turn, minibatch)
                    log.update_state(played.means, played.weights)
            if self._compiled.average is not None:
                self._compiled.average.update()
            self.optimizer.count_round()

    def _play(self, turn: Turn, minibatch: Minibatch) -> Evaluation:
        """Moves a turn's players one step down their objective, and nobody else."""
        optimizer = self.optimizer[turn.name]
        variables = turn.trainable_variables

        def objective() -> tuple[Any, tuple[Evaluation, list[Assignment]]]:
            evaluation, assignments = self._evaluate(turn, minibatch, turn.players)
            # Replicas' gradients are added up, as their parts of the mean are.
            return optimizer.scale_loss(evaluation.total), (evaluation, assignments)

        _, (evaluation, assignments), gradients = value_and_gradients(objective, variables)
        # The weights of sub-models that do not move stay as they are, batch statistics included.
        others = {id(v) for v in self.weights} - {id(v) for v in turn.weights}
        _assign([each for each in assignments if id(each[0]) not in others], minibatch.rows)
        optimizer.apply(gradients_of_rows(gradients, minibatch.rows), variables)
        return evaluation

    def _evaluate(
        self, turn: Turn, minibatch: Minibatch, players: Sequence[Any]
    ) -> tuple[Evaluation, list[Assignment]]:
        """Evaluates a turn, and holds back whatever a sub-model would assign: batch statistics, seeds."""
        # The players' variables are read through the scope, where Keras looks for their regularization.
        read = [variable for player in players for variable in player.trainable_variables]
        held = keras.StatelessScope([(v, v) for v in read], collect_losses=True)
        before = {id(v): held.get_current_value(v) for v in read}
        with held:
            evaluation = turn.evaluate(minibatch, players)
        assignments = [
            (variable, value)
            for model in self.judged_models()
            for variable in model.variables
            if (value := held.get_current_value(variable)) is not before.get(id(variable))
        ]
        return evaluation, assignments

    def evaluate_round(self, data: Any) -> None:
        """Evaluates every turn's objective without moving anybody."""
        real, condition = self._unpack(data)
        minibatch = Minibatch(real, condition, False, self.evaluation_seed_generator)
        with after(data):
            for turn, log in zip(self.turns(), self._compiled.turn_logs, strict=True):
                players = [self.averaged(player) for player in turn.players]
                evaluation, assignments = self._evaluate(turn, minibatch, players)
                _assign(assignments, minibatch.rows)
                log.update_state(evaluation.means, evaluation.weights, record=False)
            if self._compiled.metrics:
                fake = self.fake(minibatch)
                for metric in self._compiled.metrics:
                    metric.update_state(real, fake)

    # The game in Keras's loop.

    def train_step(self, data: Any) -> dict[str, Any]:
        """Plays one round; returns the running means of what the turns log."""
        self.play_round(data)
        return step_logs(self.training_logs())

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluates every turn's objective; returns the running means and the metrics."""
        self.evaluate_round(data)
        return step_logs(self.evaluation_logs())

    def make_train_function(self, force: bool = False) -> None:
        """Makes what Keras's loop calls to train."""
        if self._is_played_by_keras(AdversarialModel.train_step):
            super().make_train_function(force)
        elif self.train_function is None or force:
            self.train_function = self._execution(self.play_round, self.training_logs)

    def make_test_function(self, force: bool = False) -> None:
        """Makes what Keras's loop calls to evaluate."""
        if self._is_played_by_keras(AdversarialModel.test_step):
            super().make_test_function(force)
        elif self.test_function is None or force:
            self.test_function = self._execution(self.evaluate_round, self.evaluation_logs)

    def _is_played_by_keras(self, step: Any) -> bool:
        """Tells whether Keras has to call the step itself: eagerly, on replicas, or one of a subclass."""
        overridden = getattr(type(self), step.__name__) is not step
        return overridden or self.run_eagerly or self._distribute_strategy is not None

    def _execution(self, step: Any, logs: Any) -> Any:
        return execution(step, logs, lambda: self.steps_per_execution, self.jit_compile)

    def _unpack(self, data: Any) -> tuple[Any, Any]:
        real, condition, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        check_element([real, condition, sample_weight], self.takes_conditions, self._sample_shape)
        if condition is not None:
            condition = ops.convert_to_tensor(condition)
        return ops.cast(real, keras.config.floatx()), condition

    @property
    def steps_per_round(self) -> int:
        """How many minibatches one round takes: the steps of the turn that takes most."""
        return max(turn.steps for turn in self.turns())

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # All is built. Under a strategy Keras reads a batch for this, even a generator's first one, and not
        # every batch of several workers can be read so (keras-team/keras#20585).
        pass


def _assign(assignments: Sequence[Assignment], rows: Any) -> None:
    """Makes the assignments of one replica with so many rows."""
    for variable, value in assignments:
        # Each replica has the statistics of its own rows; Keras would leave each its own.
        is_statistic = keras.backend.is_float_dtype(variable.dtype)
        variable.assign(all_replicas_mean(value, rows) if is_statistic else value)
