from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from kerasgan.training.callback_state import CallbackState
from kerasgan.training.epoch_order import EpochOrder


@dataclass
class Run:
    """The values of one call of `fit`.

    Attributes:
        order: The order of the data.
        held_out: The validation data in the form that Keras gets, or `None`.
        listeners: All callbacks of this run.
        callbacks: The callbacks among them that have a state: the user's, and the history.
        description: The model, the compilation and the arguments of `fit`, as JSON.
        epochs: The argument of `fit`.
        initial_epoch: The argument of `fit`.
        steps_per_epoch: The argument of `fit`.
        validation_steps: The argument of `fit`.
        states: The state of the callbacks, after they have begun.
        first_epoch: The epoch in which the run began, perhaps in an earlier process.
        evaluations: How often the model has been evaluated since then.
        is_passing: Whether batches are being skipped now, because they were trained on before.
    """

    order: EpochOrder
    held_out: Any
    listeners: keras.callbacks.CallbackList
    callbacks: Sequence[keras.callbacks.Callback]
    description: Mapping[str, Any]
    epochs: int
    initial_epoch: int
    steps_per_epoch: int | None
    validation_steps: int | None
    states: CallbackState | None = None
    first_epoch: int = 0
    evaluations: int = 0
    is_passing: bool = False
