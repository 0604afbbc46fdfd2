from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.backend import number_of_replicas, value_and_gradients
from kerasgan.core.fitting import Fitting
from kerasgan.core.optimizers import Optimizers
from kerasgan.core.rehearsal import rehearse
from kerasgan.core.saving import Saving
from kerasgan.core.training_data import check_element, check_metrics
from kerasgan.core.turn import Minibatch, Turn
from kerasgan.core.turn_log import TurnLog


@dataclass
class _Compiled:
    """What `compile` makes, out of sight of Keras's tracking, which is closed once a model is built."""

    turn_logs: Sequence[TurnLog] = ()
    metrics: Sequence[keras.metrics.Metric] = ()
    arguments: Mapping[str, Any] = field(default_factory=dict)


class AdversarialModel(Fitting, Saving):
    """A game between sub-models, as a Keras model.

    A game is a list of turns (`kerasgan.core.turn.Turn`). A turn says which sub-models move, what they
    minimise, and how often. One training step is one round: it plays the turns in order, every step of a
    turn on a fresh minibatch. This class plays them, and does all else that a Keras model owes its user:
    logs, data (`Fitting`), files (`Saving`). It alone touches an optimizer.

    A subclass writes `turns`, `fake`, `call`, `specification`, and a `compile` that calls `compile_game` with
    an optimizer for each turn.

    Args:
        seed: Where all of the game's random draws start. Defaults to `None`, a seed that
            `keras.utils.set_random_seed` decides.
        **kwargs: Those of `keras.Model`: `name`, `dtype`.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._compiled = _Compiled()

    # What a game is made of.

    @abstractmethod
    def turns(self) -> Sequence[Turn]:
        """Returns the turns of one round, in their order."""

    @abstractmethod
    def fake(self, minibatch: Minibatch) -> Any:
        """Returns generated samples, one for each example of the minibatch."""

    # The game.

    def train_step(self, data: Any) -> dict[str, Any]:
        """Plays one round."""
        turns, steps = self.turns(), self.steps_per_round
        real, condition = self._unpack(data)
        if real.shape[0] is not None and real.shape[0] < steps:
            raise ValueError(
                f"Invalid value for argument `x`. Expected at least one example for each of the {steps} "
                f"minibatches of a round. Received: {real.shape[0]} examples"
            )
        for turn, log in zip(turns, self._compiled.turn_logs, strict=True):
            for step in range(steps - turn.steps, steps):
                part = None if condition is None else condition[step::steps]
                minibatch = Minibatch(real[step::steps], part, True, self.seed_generator)
                log.update_state(self._play(turn, minibatch), minibatch.rows)
        return {
            name: value for log in self._compiled.turn_logs for name, value in log.result().items()
        }

    def _play(self, turn: Turn, minibatch: Minibatch) -> dict[str, Any]:
        """Moves a turn's players one step down their objective, and nobody else."""
        optimizer = self.optimizer[turn.name]
        variables = turn.trainable_variables

        def objective() -> tuple[Any, tuple[Any, dict[str, Any]]]:
            # Whatever a sub-model would assign (batch statistics, seeds) is held back in the scope. The
            # players' variables are read through it, where Keras looks for their regularisation.
            held = keras.StatelessScope([(v, v) for v in variables], collect_losses=True)
            before = {id(v): held.get_current_value(v) for v in variables}
            with held:
                total, logs = turn.evaluate(minibatch)
            changed = {
                id(v): value
                for v in self.variables
                if (value := held.get_current_value(v)) is not before.get(id(v))
            }
            # Replicas' gradients are added up, so each replica contributes its share of the mean.
            return optimizer.scale_loss(total / number_of_replicas()), (changed, logs)

        _, (changed, logs), gradients = value_and_gradients(objective, variables)
        # The weights of sub-models that do not move stay as they are, batch statistics included.
        others = {id(v) for v in self.weights} - {id(v) for v in turn.weights}
        for variable in self.variables:
            if id(variable) in changed and id(variable) not in others:
                variable.assign(changed[id(variable)])
        optimizer.apply(gradients, variables)
        return logs

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluates every turn's objective without moving anybody."""
        real, condition = self._unpack(data)
        minibatch = Minibatch(real, condition, False, self.evaluation_seed_generator)
        for turn, log in zip(self.turns(), self._compiled.turn_logs, strict=True):
            log.update_state(turn.evaluate(minibatch)[1], minibatch.rows, record=False)
        if self._compiled.metrics:
            fake = self.fake(minibatch)
            for metric in self._compiled.metrics:
                metric.update_state(real, fake)
        return self.get_metrics_result()

    def _unpack(self, data: Any) -> tuple[Any, Any]:
        real, condition, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        check_element([real, condition, sample_weight], self.conditional, self._sample_shape)
        return ops.cast(real, keras.config.floatx()), condition

    @property
    def _sample_shape(self) -> tuple[int | None, ...]:
        return tuple(self.specification()[0].shape[1:])

    # What Keras asks of a model.

    def compile_game(
        self,
        optimizers: Mapping[str, Any],
        metrics: Sequence[keras.metrics.Metric] = (),
        arguments: Mapping[str, Any] | None = None,
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            optimizers: An optimizer for each turn, by the turn's name; `None` for Adam with a learning rate
                of 2e-4 and `beta_1=0.5`.
            metrics: Metrics of real and generated samples, `update_state(real, fake)`, for evaluation.
            arguments: What `compile` of the subclass was called with, to be saved with the model.
            **keras_arguments: Those of `keras.Model.compile`: `steps_per_execution`, `run_eagerly`,
                `jit_compile`.

        Raises:
            ValueError: If the turns' objectives cannot be computed on batches of the model's shapes.
        """
        turns = self.turns()
        own = {turn.name: self._make_optimizer(turn, optimizers[turn.name]) for turn in turns}
        super().compile(optimizer=Optimizers(own), auto_scale_loss=False, **keras_arguments)
        self._loss_tracker = None
        real, condition = self.specification()
        logs = [
            TurnLog(
                turn.name,
                rehearse(turn, real, condition, self.seed_generator),
                capacity=turn.steps * self.steps_per_execution,
            )
            for turn in turns
        ]
        arguments = {**(arguments or {}), "metrics": list(metrics), **keras_arguments}
        self._compiled = _Compiled(logs, check_metrics(metrics), arguments)

    def _make_optimizer(self, turn: Turn, identifier: Any) -> keras.optimizers.Optimizer:
        if identifier is None:
            identifier = keras.optimizers.Adam(learning_rate=2e-4, beta_1=0.5)
        try:
            optimizer = keras.optimizers.get(identifier)
        except ValueError as error:
            raise ValueError(
                f"Invalid value for argument `{turn.name}_optimizer`. Expected a Keras optimizer or the "
                f"name of one. Received: {identifier!r}"
            ) from error
        if self.dtype_policy.name == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        optimizer.build(turn.trainable_variables)
        return optimizer

    @property
    def steps_per_round(self) -> int:
        """How many minibatches one round takes: the steps of the turn that takes most."""
        return max(turn.steps for turn in self.turns())

    def _compiled_with(self) -> Mapping[str, Any]:
        return self._compiled.arguments

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What the turns log, and the metrics of an evaluation."""
        return [*super().metrics, *self._compiled.turn_logs, *self._compiled.metrics]

    def updates_since(
        self, cursor: Mapping[str, int] | None = None
    ) -> tuple[dict[str, dict[str, np.ndarray]], dict[str, int]]:
        """Returns the logged values of every single update, turn by turn.

        Keras's logs are running means, once for each execution; these are the values themselves. Those of
        the last execution are kept, so a callback that asks after every batch misses none.

        Args:
            cursor: What the last call returned. `None` (the default) starts from now.

        Returns:
            `(updates, cursor)`: for each turn's name a dictionary of arrays, one value per update, and the
            cursor for the next call.
        """
        logs = {log.name: log for log in self._compiled.turn_logs}
        now = {name: log.number_of_updates for name, log in logs.items()}
        start = now if cursor is None else cursor
        return {name: log.since(start[name]) for name, log in logs.items()}, now
