"""Decides which of the last runs a call of `fit` continues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from kerasgan.training.epoch_order import EpochOrder
from kerasgan.training.finite_watch import FiniteWatch
from kerasgan.training.run import Run
from kerasgan.training.run_keeper import RunKeeper, State
from kerasgan.training.trainable_watch import TrainableWatch

# These start from the beginning in each run.
_FORGETFUL = (RunKeeper, EpochOrder, FiniteWatch, TrainableWatch, keras.callbacks.ProgbarLogger)


def take_up(
    keepers: Sequence[RunKeeper],
    model: keras.Model,
    order: EpochOrder,
    listeners: keras.callbacks.CallbackList,
    held_out: Any,
    description: dict[str, Any],
    epochs: int,
    arguments: dict[str, Any],
) -> tuple[int, int]:
    """Lets keepers follow a run. The last run that has come furthest is continued.

    Args:
        keepers: The keepers.
        model: The model.
        order: The order of the data.
        listeners: All callbacks of the run.
        held_out: The validation data in the form that Keras gets, or `None`.
        description: The model, the compilation and the arguments of `fit`, as JSON.
        epochs: The argument of `fit`.
        arguments: The other arguments of `fit`.

    Returns:
        `(epoch, batch)`: where training begins.
    """
    initial_epoch = arguments.get("initial_epoch", 0)
    run = Run(
        order=order,
        held_out=held_out,
        listeners=listeners,
        callbacks=[each for each in listeners.callbacks if not isinstance(each, _FORGETFUL)],
        description=description,
        epochs=epochs,
        initial_epoch=initial_epoch,
        steps_per_epoch=arguments.get("steps_per_epoch"),
        validation_steps=arguments.get("validation_steps"),
        first_epoch=initial_epoch,
    )
    stored = [(keeper, keeper.stored()) for keeper in keepers]
    found = [(keeper, saved) for keeper, saved in stored if saved is not None]
    taken, state = max(found, key=lambda each: _position(each[1]), default=(None, None))
    for keeper in keepers:
        keeper.follow(model, run, state if keeper is taken else None)
    return (initial_epoch, 0) if taken is None else (taken.initial_epoch, taken.first_batch)


def _position(saved: State) -> tuple[int, int]:
    return int(saved["epoch"]), int(saved["batch"])
