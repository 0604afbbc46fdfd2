"""Chooses what is fastest on this machine, if the user leaves it open."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from typing import Any

import keras

from kerasgan.backend import HOST_TYPES, has_accelerator, is_deterministic
from kerasgan.training.listeners import listens_to_batches

logger = logging.getLogger(__name__)

# How many steps to play at once. Enough that the cost of a call does not matter, and few enough that the
# progress bar moves and Ctrl-C works.
MOST_STEPS = 16
# On a CPU, a step of smaller networks without convolutions and recurrence takes a few milliseconds. A large
# part of that is the call.
_SMALL = 2_000_000

_LAYERS = keras.layers
_CONVOLUTIONS = (
    _LAYERS.Conv1D,
    _LAYERS.Conv1DTranspose,
    _LAYERS.Conv2D,
    _LAYERS.Conv2DTranspose,
    _LAYERS.Conv3D,
    _LAYERS.Conv3DTranspose,
    _LAYERS.DepthwiseConv1D,
    _LAYERS.DepthwiseConv2D,
    _LAYERS.SeparableConv1D,
    _LAYERS.SeparableConv2D,
)


def chosen_jit_compile(
    model: keras.Model,
    others: Sequence[keras.Variable] = (),
    differentiated_twice: Sequence[keras.Model] = (),
    jit_compile: bool | str = "auto",
    run_eagerly: bool = False,
    **arguments: Any,
) -> bool | str:
    """Returns what `jit_compile` means for a model on this machine.

    Keras uses XLA whenever there is an accelerator, and never on a CPU. On a CPU, XLA makes recurrent
    networks 1.3 to 2.6 times faster, because they are many small operations. Dense networks gain little or
    nothing, and convolutions lose about half their speed (`benchmarks/README.md`). So on a CPU, `"auto"` uses
    XLA for games with recurrent layers and no convolutions, unless TensorFlow's operations have to be
    deterministic. Second derivatives of recurrent layers are another exception. An LSTM of 32 units over 30
    steps, with R1 and R2, took 180 times as long with XLA. Unrolled, XLA had not compiled it after two
    minutes, in 5 GB.

    On an accelerator, XLA cannot reach variables that TensorFlow keeps on the host: 32-bit integers. A game
    itself has none. If a user's sub-model has some, `"auto"` trains without XLA, and says so.

    Args:
        model: The game.
        others: Variables that the step changes besides those of the model.
        differentiated_twice: The sub-models that a penalty needs second derivatives of.
        jit_compile: As in `compile`.
        run_eagerly: As in `compile`.
        **arguments: The other arguments of `compile`. They do not matter here.

    Raises:
        ValueError: If XLA is asked for on an accelerator, and a variable is on the host.
    """
    if not jit_compile or run_eagerly:
        return jit_compile if jit_compile != "auto" else False
    if not has_accelerator():
        return _pays_on_a_cpu(model, differentiated_twice) if jit_compile == "auto" else jit_compile
    on_host = [each for each in [*model.variables, *others] if each.dtype in HOST_TYPES]
    if not on_host:
        return jit_compile
    found = (
        f"XLA cannot reach the variable {on_host[0].path!r} of type {on_host[0].dtype}, which TensorFlow "
        "keeps on the host; make it with dtype='int64'"
    )
    if jit_compile != "auto":
        raise ValueError(
            f"Invalid value for argument `jit_compile`. Expected False: {found}. "
            f"Received: jit_compile={jit_compile}"
        )
    logger.warning("This game trains without XLA: %s.", found)
    return False


def _pays_on_a_cpu(model: keras.Model, differentiated_twice: Sequence[keras.Model]) -> bool:
    if model.distribute_strategy.num_replicas_in_sync > 1 or is_deterministic():
        return False
    if any(_has(each, _LAYERS.RNN) for each in differentiated_twice):
        return False
    can_be_compiled = all(layer.supports_jit for layer in model._flatten_layers())
    return _has(model, _LAYERS.RNN) and not _has(model, _CONVOLUTIONS) and can_be_compiled


def chosen_steps_per_execution(
    model: keras.Model,
    callbacks: Iterable[keras.callbacks.Callback],
    asked: Iterable[int | None] = (),
) -> int:
    """Returns what `steps_per_execution="auto"` means for a call of `fit`.

    Several steps at once give the same numbers as single steps, and cost the host only one call. On an
    accelerator this helps every game. On a CPU it helps small dense networks, because their step does not
    take much longer than the call.

    Args:
        model: The game.
        callbacks: The callbacks. If one of them listens to single batches, the result is 1.
        asked: Numbers of steps that the user asked for, of an epoch or an evaluation. They will be multiples
            of the result, because Keras can stop only between two executions. Defaults to none.
    """
    if model.run_eagerly or model._distribute_strategy is not None:
        return 1
    if any(listens_to_batches(callback) for callback in callbacks):
        return 1
    is_small = model.count_params() <= _SMALL and not _has(model, (*_CONVOLUTIONS, _LAYERS.RNN))
    most = MOST_STEPS if has_accelerator() or is_small else 1
    common = math.gcd(*(number for number in asked if number))
    return max(steps for steps in range(1, most + 1) if common % steps == 0)


def _has(model: keras.Model, kinds: Any) -> bool:
    return any(isinstance(layer, kinds) for layer in model._flatten_layers())
