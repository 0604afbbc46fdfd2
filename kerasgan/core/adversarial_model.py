from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasgan.backend import (
    after,
    number_of_replicas,
    number_of_workers,
    step_logs,
    value_and_gradients,
)
from kerasgan.core.fitting import Fitting
from kerasgan.core.gradient_accumulation import GradientAccumulation
from kerasgan.core.loss_scale_optimizer import LossScaleOptimizer
from kerasgan.core.moving_average import MovingAverage
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
    average: MovingAverage | None = None
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

    def generating_models(self) -> Sequence[keras.Model]:
        """The sub-models that samples come out of, which `generator_ema` averages."""
        return next(turn.players for turn in self.turns() if turn.name == "generator")

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
        with after(data):
            for turn, log in zip(turns, self._compiled.turn_logs, strict=True):
                for step in range(steps - turn.steps, steps):
                    part = None if condition is None else condition[step::steps]
                    minibatch = Minibatch(real[step::steps], part, True, self.seed_generator)
                    log.update_state(self._play(turn, minibatch), minibatch.rows)
            if self._compiled.average is not None:
                self._compiled.average.update()
        return step_logs(self.training_logs())

    def training_logs(self) -> dict[str, Any]:
        """Returns the running mean of everything that the turns log."""
        logs = self._compiled.turn_logs
        return {name: mean for log in logs for name, mean in log.result().items()}

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
        return step_logs(self.get_metrics_result())

    def _unpack(self, data: Any) -> tuple[Any, Any]:
        real, condition, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        check_element([real, condition, sample_weight], self.conditional, self._sample_shape)
        if condition is not None:
            condition = ops.convert_to_tensor(condition)
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
        generator_ema: float | None = None,
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            optimizers: An optimizer for each turn, by the turn's name; `None` for Adam with a learning rate
                of 2e-4 and `beta_1=0.5`.
            metrics: Metrics of real and generated samples, `update_state(real, fake)`, for evaluation.
            arguments: What `compile` of the subclass was called with, to be saved with the model.
            generator_ema: The momentum of an exponential moving average of the weights that generate, such
                as 0.999, which looks back over about 1,000 rounds. Samples, evaluations, predictions and
                exports are then the average's; training is not touched by it. Defaults to `None`, no average.
            **keras_arguments: Those of `keras.Model.compile`: `steps_per_execution`, `run_eagerly`,
                `jit_compile`.

        Raises:
            ValueError: If the turns' objectives cannot be computed on batches of the model's shapes.
        """
        turns = self.turns()
        own = {turn.name: self._make_optimizer(turn, optimizers[turn.name]) for turn in turns}
        super().compile(optimizer=Optimizers(own), auto_scale_loss=False, **keras_arguments)
        if self.steps_per_execution > 1 and number_of_workers(self) > 1:
            raise ValueError(
                "Invalid value for argument `steps_per_execution`. Expected 1 where several workers train. "
                f"Received: steps_per_execution={self.steps_per_execution}"
            )
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
        average = None
        if generator_ema is not None:
            average = MovingAverage(self.generating_models(), generator_ema)
        given = {"metrics": list(metrics), "generator_ema": generator_ema, **keras_arguments}
        self._compiled = _Compiled(
            logs, check_metrics(metrics), average, {**(arguments or {}), **given}
        )

    def judged_models(self) -> Sequence[keras.Model]:
        """This model, and the averages that are kept beside it."""
        average = self._compiled.average
        return [self] if average is None else [self, *average.models]

    def averaged(self, model: keras.Model, training: bool = False) -> keras.Model:
        """Returns the moving average of a sub-model: itself in training, and where no average is kept."""
        average = self._compiled.average
        return model if training or average is None else average.of(model)

    def export(self, filepath: Any, *args: Any, **arguments: Any) -> None:
        """Exports for serving, with averaged weights where they are kept; as `keras.Model.export`."""
        average = self._compiled.average
        with contextlib.nullcontext() if average is None else average.in_place():
            super().export(filepath, *args, **arguments)

    def state(self) -> list[keras.Variable]:
        """Every variable that training changes: weights, optimizers, averages, seeds, running means."""
        variables = [*self.variables, *self._averages]
        if self.optimizer is not None:
            variables += self.optimizer.variables
        variables += [variable for metric in self.metrics for variable in metric.variables]
        return list({id(variable): variable for variable in variables}.values())

    @property
    def _averages(self) -> list[keras.Variable]:
        average = self._compiled.average
        return [] if average is None else average.variables

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
        optimizer = GradientAccumulation.instead_of(optimizer)
        # Gradients pass through opponents too, so one layer in float16 calls for every optimizer's scaling.
        in_float16 = any(layer.compute_dtype == "float16" for layer in self._flatten_layers())
        if in_float16 and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            optimizer = LossScaleOptimizer(optimizer)
        optimizer.build(turn.trainable_variables)
        return optimizer

    @property
    def steps_per_round(self) -> int:
        """How many minibatches one round takes: the steps of the turn that takes most."""
        return max(turn.steps for turn in self.turns())

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        # All is built. Under a strategy Keras reads a batch for this, even a generator's first one, and not
        # every batch of several workers can be read so (keras-team/keras#20585).
        pass

    def _compiled_with(self) -> Mapping[str, Any]:
        return self._compiled.arguments

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What the turns log, and the metrics of an evaluation."""
        return [*super().metrics, *self._compiled.turn_logs, *self._compiled.metrics]

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in its order."""
        logs = self._compiled.turn_logs
        quantities = sorted(name for log in logs for name in log.quantities)
        return [*(metric.name for metric in self._compiled.metrics), *quantities]

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
