from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from kerasgan.arguments import positive_integer
from kerasgan.backend import number_of_workers
from kerasgan.core.acceleration import (
    MOST_STEPS,
    chosen_jit_compile,
    chosen_steps_per_execution,
)
from kerasgan.core.finite_watch import FiniteWeights
from kerasgan.core.gradient_accumulation import GradientAccumulation
from kerasgan.core.loss_scale_optimizer import LossScaleOptimizer
from kerasgan.core.moving_average import MovingAverage
from kerasgan.core.optimizers import Optimizers
from kerasgan.core.rehearsal import rehearse
from kerasgan.core.turn import Turn
from kerasgan.core.turn_log import TurnLog
from kerasgan.metrics import TwoSampleMetric, get_all

# What `compile` hands on to Keras.
_OF_KERAS = ("run_eagerly", "jit_compile", "steps_per_execution")


@dataclass
class _Compiled:
    """What `compile` makes, out of sight of Keras's tracking, which is closed once a model is built."""

    turn_logs: Sequence[TurnLog] = ()
    metrics: Sequence[keras.metrics.Metric] = ()
    average: MovingAverage | None = None
    steps_per_execution: int | str = "auto"
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Compiling(keras.Model):
    """`compile` of a game and what comes of it: an optimizer for each turn, logs, averaged weights.

    Args:
        **kwargs: Those of `keras.Model`, and of the classes after this one.
    """

    seed_generator: keras.random.SeedGenerator
    _finite_weights: FiniteWeights | None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._compiled = _Compiled()

    def turns(self) -> Sequence[Turn]:
        """Returns the turns of one round, in their order."""
        raise NotImplementedError

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shapes and dtypes of a batch of real samples and of their conditions."""
        raise NotImplementedError

    def generating_models(self) -> Sequence[keras.Model]:
        """The sub-models that samples come out of, which `generator_ema` averages."""
        return next(turn.players for turn in self.turns() if turn.name == "generator")

    def compile_game(
        self,
        optimizers: Mapping[str, Any],
        /,
        metrics: Any = (),
        arguments: Mapping[str, Any] | None = None,
        generator_ema: float | None = None,
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            optimizers: An optimizer for each turn, by the turn's name; `None` for Adam with a learning rate
                of 2e-4 and `beta_1=0.5`. A turn that is left out, as one that a subclass adds, takes its
                optimizer from an argument `<turn>_optimizer`.
            metrics: Metrics of real and generated samples, `update_state(real, fake)`, for evaluation: one or
                several of what `kerasgan.metrics.get` takes.
            arguments: What else `compile` of the subclass was called with, to be saved with the model. Its
                argument for the optimizer of a turn is called `<turn>_optimizer`.
            generator_ema: The momentum of an exponential moving average of the weights that generate, such
                as 0.999, which looks back over about 1,000 rounds. Samples, evaluations, predictions and
                exports are then the average's; training is not touched by it. Defaults to `None`, no average.
            **keras_arguments: Those of `keras.Model.compile`: `run_eagerly`; `jit_compile`, whose default
                `"auto"` takes XLA on an accelerator, and on a CPU where it pays, for recurrent networks
                without convolutions; `steps_per_execution`, whose default `"auto"` plays several steps at
                once on an accelerator, and with small networks on a CPU, where no callback listens to single
                batches.

        Raises:
            ValueError: If the turns' objectives cannot be computed on batches of the model's shapes, an
                optimizer is given to no turn, or an argument is not one of these.
        """
        metrics = get_all(metrics)
        turns = self.turns()
        optimizers = _for_turns(turns, optimizers, keras_arguments)
        self.check_compile_arguments(keras_arguments)
        own = {turn.name: self._make_optimizer(turn, optimizers[turn.name]) for turn in turns}
        steps = keras_arguments.get("steps_per_execution", "auto")
        if steps != "auto":
            steps = positive_integer("steps_per_execution", steps, "'auto' or a positive integer")
        optimizer = Optimizers(own)
        super().compile(
            optimizer=optimizer,
            auto_scale_loss=False,
            **{
                **keras_arguments,
                "jit_compile": chosen_jit_compile(self, optimizer.variables, **keras_arguments),
                "steps_per_execution": 1 if steps == "auto" else steps,
            },
        )
        if self.steps_per_execution > 1 and number_of_workers(self) > 1:
            raise ValueError(
                "Invalid value for argument `steps_per_execution`. Expected 1 where several workers train. "
                f"Received: steps_per_execution={self.steps_per_execution}"
            )
        self._loss_tracker = None
        real, condition = self.specification()
        logs = []
        for turn in turns:
            quantities, terms = rehearse(turn, real, condition, self.seed_generator)
            capacity = turn.steps * (MOST_STEPS if steps == "auto" else steps)
            logs.append(TurnLog(turn.name, quantities, capacity, terms))
        for metric in metrics:
            # Here the strategy's scope is open, if there is one.
            if isinstance(metric, TwoSampleMetric) and None not in real.shape[1:]:
                metric.build(real.shape[1:])
        average = None
        if generator_ema is not None:
            average = MovingAverage(self.generating_models(), generator_ema)
        given = {
            **{f"{turn}_optimizer": each for turn, each in optimizers.items() if each is not None},
            **(arguments or {}),
            "metrics": metrics,
            "generator_ema": generator_ema,
            **keras_arguments,
        }
        self._compiled = _Compiled(logs, metrics, average, steps, given)
        self._finite_weights = None

    def check_compile_arguments(self, arguments: Mapping[str, Any]) -> None:
        """Raises where `compile` was called with an argument that means nothing to the game.

        Args:
            arguments: Those that `compile` of the subclass does not name.
        """
        optimizers = [f"{turn.name}_optimizer" for turn in self.turns()]
        others = [*optimizers, "generator_ema", *_OF_KERAS]
        unknown = [name for name in arguments if name not in others]
        if not unknown:
            return
        parameters = inspect.signature(type(self).compile).parameters.values()
        named = [each.name for each in parameters if each.kind is each.POSITIONAL_OR_KEYWORD][1:]
        hint = ", since each turn has its own optimizer" if unknown[0] == "optimizer" else ""
        raise ValueError(
            f"Invalid argument `{unknown[0]}` of `{type(self).__name__}.compile`. Expected one of "
            f"{list(dict.fromkeys([*named, *others]))}{hint}. "
            f"Received: {unknown[0]}={arguments[unknown[0]]!r}"
        )

    def chosen_steps_per_execution(
        self, callbacks: Sequence[keras.callbacks.Callback], asked: Sequence[int | None] = ()
    ) -> int:
        """Returns how many steps `fit` plays at once with these callbacks and numbers of steps."""
        steps = self._compiled.steps_per_execution
        if steps == "auto":
            return chosen_steps_per_execution(self, callbacks, asked)
        return int(steps)

    def judged_models(self) -> Sequence[keras.Model]:
        """This model, and the averages that are kept beside it."""
        average = self._compiled.average
        return [self] if average is None else [self, *average.models]

    def averaged(self, model: keras.Model, training: bool = False) -> keras.Model:
        """Returns the moving average of a sub-model: itself in training, and where no average is kept."""
        average = self._compiled.average
        return model if training or average is None else average.of(model)

    def averages_in_place(self) -> contextlib.AbstractContextManager[None]:
        """Returns a context in which the sub-models hold their averages, where any are kept."""
        average = self._compiled.average
        return contextlib.nullcontext() if average is None else average.in_place()

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

    def _compiled_with(self) -> Mapping[str, Any]:
        return self._compiled.arguments

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What the turns log, and the metrics of an evaluation."""
        return [*super().metrics, *self._compiled.turn_logs, *self._compiled.metrics]

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in its order."""
        names = {metric.name for metric in self.metrics}
        logged = list(self.evaluation_logs())
        # The order in which Keras makes a list of them.
        own = [metric.name for metric in self.metrics if metric.name in logged]
        return [*own, *sorted(name for name in logged if name not in names)]

    def training_logs(self) -> dict[str, Any]:
        """Returns the running mean of everything that the turns log."""
        logs = self._compiled.turn_logs
        return {name: mean for log in logs for name, mean in log.result().items()}

    def evaluation_logs(self) -> dict[str, Any]:
        """Returns the running means and the metrics; NaN for those that wait for the end of the data."""
        logs = self.training_logs()
        for metric in self._compiled.metrics:
            waits = isinstance(metric, TwoSampleMetric)
            value = metric.placeholder() if waits else metric.result()
            logs.update(value if isinstance(value, dict) else {metric.name: value})
        return logs

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


def _for_turns(
    turns: Sequence[Turn], optimizers: Mapping[str, Any], arguments: dict[str, Any]
) -> dict[str, Any]:
    """Returns an optimizer for each turn; those that are left out are taken from the arguments."""
    names = [turn.name for turn in turns]
    surplus = [name for name in optimizers if name not in names]
    if surplus:
        raise ValueError(
            f"Invalid value for argument `optimizers`. Expected one for each of the turns {names}. "
            f"Received: one for {surplus[0]!r}"
        )
    return {
        name: optimizers[name] if name in optimizers else arguments.pop(f"{name}_optimizer", None)
        for name in names
    }
