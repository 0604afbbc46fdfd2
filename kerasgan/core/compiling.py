from __future__ import annotations

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
from kerasgan.core.averaging import Averaging
from kerasgan.core.gradient_accumulation import GradientAccumulation
from kerasgan.core.loss_scale_optimizer import LossScaleOptimizer
from kerasgan.core.optimizers import Optimizers
from kerasgan.core.rehearsal import rehearse
from kerasgan.core.run_description import describe_compilation, describe_model
from kerasgan.core.turn import Turn
from kerasgan.core.turn_log import TurnLog
from kerasgan.metrics import TwoSampleMetric, get_all


@dataclass
class _Compiled:
    """What `compile` makes, out of sight of Keras's tracking, which is closed once a model is built."""

    turn_logs: Sequence[TurnLog] = ()
    metrics: Sequence[keras.metrics.Metric] = ()
    steps_per_execution: int | str = "auto"
    # The weights that each turn trains.
    trained: Mapping[str, Sequence[keras.Variable]] = field(default_factory=dict)
    # What was given, as JSON, when it was given: a schedule changes a learning rate later.
    description: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)


class Compiling(Averaging):
    """`compile` of a game and what comes of it: an optimizer for each turn, logs, averaged weights.

    Args:
        **kwargs: Those of `keras.Model`, and of the classes after this one.
    """

    seed_generator: keras.random.SeedGenerator

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._compiled = _Compiled()

    def turns(self) -> Sequence[Turn]:
        """Returns the turns of one round, in their order."""
        raise NotImplementedError

    def specification(self) -> tuple[keras.KerasTensor, keras.KerasTensor | None]:
        """Returns the shapes and dtypes of a batch of real samples and of their conditions."""
        raise NotImplementedError

    def compile_game(
        self,
        optimizers: Mapping[str, Any],
        metrics: Any = (),
        arguments: Mapping[str, Any] | None = None,
        generator_ema: float | str | None = "keep",
        **keras_arguments: Any,
    ) -> None:
        """Prepares the game.

        Args:
            optimizers: An optimizer for each turn, by the turn's name; `None` for Adam with a learning rate
                of 2e-4 and `beta_1=0.5`.
            metrics: Metrics of real and generated samples, `update_state(real, fake)`, for evaluation: one or
                several of what `kerasgan.metrics.get` takes.
            arguments: What else `compile` of the subclass was called with, to be saved with the model. Its
                argument for the optimizer of a turn is called `<turn>_optimizer`.
            generator_ema: The momentum of an exponential moving average of the weights that generate, such
                as 0.999, which looks back over about 1,000 rounds. Samples, evaluations, predictions and
                exports are then the average's; training is not touched by it. An average that the model has
                goes on with the new momentum. `None` keeps no average, and drops the one that there is.
                Defaults to `"keep"`: the average that the model has from an earlier `compile` or from a file
                goes on as it is; there is none in a new model.
            **keras_arguments: Those of `keras.Model.compile`: `run_eagerly`; `jit_compile`, whose default
                `"auto"` takes XLA on an accelerator, and on a CPU where it pays, for recurrent networks
                without convolutions; `steps_per_execution`, whose default `"auto"` plays several steps at
                once on an accelerator, and with small networks on a CPU, where no callback listens to single
                batches.

        Raises:
            ValueError: If the turns' objectives cannot be computed on batches of the model's shapes.
        """
        metrics = get_all(metrics)
        turns = self.turns()
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
        logs = [
            TurnLog(
                turn.name,
                rehearse(turn, real, condition, self.seed_generator),
                capacity=turn.steps * (MOST_STEPS if steps == "auto" else steps),
            )
            for turn in turns
        ]
        for metric in metrics:
            # Here the strategy's scope is open, if there is one.
            if isinstance(metric, TwoSampleMetric) and None not in real.shape[1:]:
                metric.build(real.shape[1:])
        generator_ema = self._keep_average(generator_ema)
        given = {
            **{f"{turn}_optimizer": each for turn, each in optimizers.items() if each is not None},
            **(arguments or {}),
            "metrics": metrics,
            "generator_ema": generator_ema,
            **keras_arguments,
        }
        self._compiled = _Compiled(
            turn_logs=logs,
            metrics=metrics,
            steps_per_execution=steps,
            trained={turn.name: turn.trainable_variables for turn in turns},
            description=describe_compilation(own, given),
            arguments=given,
        )
        self._finite_weights = None

    def check_trainable(self) -> None:
        """Raises a `ValueError` where a turn would train other weights than `compile` has seen."""
        for turn in self.turns():
            before = {id(each): each for each in self._compiled.trained.get(turn.name, ())}
            now = {id(each): each for each in turn.trainable_variables}
            if before.keys() != now.keys():
                frozen = [each.path for key, each in before.items() if key not in now]
                freed = [each.path for key, each in now.items() if key not in before]
                changed = [
                    f"{len(paths)} {word}, {paths[0]!r} the first"
                    for paths, word in ((frozen, "frozen"), (freed, "set free"))
                    if paths
                ]
                raise ValueError(
                    "A change of `trainable` takes effect when `compile` is called. Expected the weights "
                    f"that the {turn.name}'s turn had then. Received: {' and '.join(changed)}. Call "
                    "`compile` again, and then `fit`."
                )

    def description(self) -> dict[str, Any]:
        """Describes the model and its compilation as JSON, to notice that they are others than before."""
        return {"model": describe_model(self), **self._compiled.description}

    def chosen_steps_per_execution(self, callbacks: Sequence[keras.callbacks.Callback]) -> int:
        """Returns how many steps `fit` plays at once with these callbacks."""
        asked = self._compiled.steps_per_execution
        if asked == "auto":
            return chosen_steps_per_execution(self, callbacks)
        return int(asked)

    def state(self) -> list[keras.Variable]:
        """Every variable that training changes: weights, optimizers, averages, seeds, running means."""
        variables = [*self.variables, *self._averages]
        if self.optimizer is not None:
            variables += self.optimizer.variables
        variables += [variable for metric in self.metrics for variable in metric.variables]
        return list({id(variable): variable for variable in variables}.values())

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
