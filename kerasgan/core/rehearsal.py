from __future__ import annotations

from typing import Any

import keras

from kerasgan.core.turn import Minibatch, Turn
from kerasgan.core.turn_call import TurnCall


class _Rehearsal(TurnCall):
    """A turn on shapes only. There Keras would not collect the losses of layers, so this class does."""

    error: Exception | None = None

    def call(self, real: Any, condition: Any = None) -> Any:
        try:
            with keras.StatelessScope(collect_losses=True):
                return super().call(real, condition)
        except Exception as error:
            self.error = error
            raise


def rehearse(
    turn: Turn, real: Any, condition: Any, seed: keras.random.SeedGenerator
) -> tuple[list[str], list[str]]:
    """Plays a turn on shapes only, so that shapes that do not fit are found before training starts.

    Args:
        turn: The turn.
        real: The specification of a batch of real samples.
        condition: The specification of their conditions, or `None`.
        seed: The game's generator of seeds. Its state does not change.

    Returns:
        `(quantities, terms)`: the names of all values that the turn logs, its loss first, and the names of
        those that are terms of the loss.
    """

    def objective(real: Any, condition: Any) -> Any:
        return turn.objective(Minibatch(real, condition, True, seed))

    rehearsal = _Rehearsal(turn.name, turn.players, objective)
    try:
        _, terms, logs = rehearsal(real, condition)
    finally:
        # Keras surrounds the turn's own error with sentences about a layer that users have never seen.
        if rehearsal.error is not None:
            raise rehearsal.error from None
    terms = [turn.term_name(term) for term in terms]
    return [turn.loss_name, *terms, *logs], terms
