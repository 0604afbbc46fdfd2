from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

from kerasgan.core.setting import documentation_of
from kerasgan.core.turn import Turn
from kerasgan.optimizers import (
    GradientAccumulation,
    LossScaleOptimizer,
    Optimizers,
)
from kerasgan.training import TurnLog

# The arguments that `compile` of every game takes, besides its settings: default and description.
COMMON: dict[str, tuple[Any, str]] = {
    "metrics": (
        (),
        "Metrics of real and generated samples, by name or as objects with `update_state(real, fake)`. "
        "`evaluate` computes them. `fit` computes them on `validation_data`. Defaults to none.",
    ),
    "generator_ema": (
        "keep",
        "The momentum of an exponential moving average of the weights that make samples. With 0.999, it "
        "looks back over about 1,000 rounds. The average is used to sample, evaluate, predict and export. "
        "You find it in `averages.generator`. Training is unaffected. If the model has an average already, "
        "it goes on with the new momentum. With `None`, the model keeps no average, and drops the one it "
        "has. Defaults to `'keep'`: an average from an earlier `compile` or from a file goes on unchanged, "
        "and a new model has none.",
    ),
    "steps_per_execution": (
        "auto",
        'How many steps to play at once. If no callback listens to single batches, `"auto"` plays several on '
        'an accelerator, and with small networks on a CPU. Defaults to `"auto"`.',
    ),
    "run_eagerly": (False, "As in Keras. Defaults to `False`."),
    "jit_compile": (
        "auto",
        'Whether XLA compiles a step. `"auto"` uses XLA on an accelerator, and on a CPU for recurrent '
        "networks without convolutions, unless a penalty needs their second derivatives. Defaults to "
        '`"auto"`.',
    ),
}


@dataclass
class Compiled:
    """The results of `compile`.

    Once a model is built, Keras accepts no new attributes that it tracks. It does not look into this record.

    Attributes:
        settings: The value of each setting, by name.
        arguments: The arguments of the call that a model's file keeps.
        optimizers: The optimizers of all turns, as one object. `None` until a game is compiled.
        turn_logs: The log of each turn.
        metrics: The metrics of an evaluation.
        moving: The weights that each turn changes.
        description: The arguments as JSON, as they were at the time of the call: a schedule changes a
            learning rate later.
        steps_per_execution: As in `compile`.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    arguments: Mapping[str, Any] = field(default_factory=dict)
    optimizers: Optimizers | None = None
    turn_logs: Sequence[TurnLog] = ()
    metrics: Sequence[keras.metrics.Metric] = ()
    moving: Mapping[str, Sequence[keras.Variable]] = field(default_factory=dict)
    description: Mapping[str, Any] = field(default_factory=dict)
    steps_per_execution: int | str = "auto"

    @property
    def variables_of_settings(self) -> list[keras.Variable]:
        """The variables of settings, such as the probability of an augmentation."""
        return [v for value in self.settings.values() for v in getattr(value, "variables", ())]

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables that training changes."""
        optimizers = [] if self.optimizers is None else self.optimizers.variables
        logged = [v for metric in (*self.turn_logs, *self.metrics) for v in metric.variables]
        return [*optimizers, *logged, *self.variables_of_settings]

    def check_trainable(self, turns: Sequence[Turn]) -> None:
        """Raises a `ValueError` if a turn would train other weights than at the time of `compile`."""
        for turn in turns:
            before = {id(each): each for each in self.moving.get(turn.name, ())}
            now = {id(each): each for each in turn.moving_weights}
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


def optimizer_of(turn: Turn, identifier: Any, in_float16: bool) -> keras.optimizers.Optimizer:
    """Returns the optimizer of a turn, built for its players.

    Args:
        turn: The turn.
        identifier: A Keras optimizer, the name of one, or `None`.
        in_float16: Whether gradients pass through a layer in float16. If so, losses have to be scaled.

    Raises:
        ValueError: If `identifier` is none of these.
    """
    if identifier is None:
        identifier = keras.optimizers.Adam(learning_rate=2e-4, beta_1=0.5)
    try:
        optimizer = keras.optimizers.get(identifier)
    except ValueError as error:
        raise ValueError(
            f"Invalid value for argument `{turn.name}_optimizer`. Expected a Keras optimizer or the name of "
            f"one. Received: {identifier!r}"
        ) from error
    optimizer = GradientAccumulation.instead_of(optimizer)
    if in_float16 and not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        optimizer = LossScaleOptimizer(optimizer)
    optimizer.build(turn.trainable_variables)
    return optimizer


def compile_of(kind: Any) -> Callable[..., None]:
    """Returns the method `compile` of a class, with its settings in the signature and the docstring."""

    def compile(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: A001
        signature = type(self).compile_signature
        try:
            bound = signature.bind(self, *args, **kwargs)
        except TypeError as error:
            names = list(signature.parameters)[1:]
            hint = " Each turn has an optimizer of its own." if "optimizer" in kwargs else ""
            raise TypeError(
                f"`{type(self).__name__}.compile`: {error}. Expected arguments among {names}.{hint}"
            ) from None
        bound.apply_defaults()
        given = {name: value for name, value in bound.arguments.items() if name != "self"}
        common = {name: given.pop(name) for name in COMMON}
        self.compile_with(given, **common)

    descriptions = {name: description for name, (_, description) in COMMON.items()}
    compile.__doc__ = documentation_of(kind.settings_by_name, descriptions)
    compile.__signature__ = kind.compile_signature  # type: ignore[attr-defined]
    compile.__qualname__ = f"{kind.__qualname__}.compile"
    compile.__module__ = kind.__module__
    return compile
