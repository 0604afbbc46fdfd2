from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from kerasgan.training.callback_state import CallbackState
from kerasgan.training.epoch_order import EpochOrder


@dataclass
class Run:
    """A call of `fit`.

    Attributes:
        order: The order of the data.
        held_out: The validation data as Keras gets them, or `None`.
        listeners: Who is called in this run.
        callbacks: Those of them that remember something: the user's, and the history.
        description: What the run is a run of, as JSON.
        epochs: As `fit` was given it.
        initial_epoch: Likewise.
        steps_per_epoch: Likewise.
        validation_steps: Likewise.
        states: What the callbacks remember, once they have begun.
        first_epoch: The epoch in which the run was begun, perhaps by an earlier process.
        evaluations: How often the model has been evaluated since.
        is_passing: Whether batches pass by that were trained on before.
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
