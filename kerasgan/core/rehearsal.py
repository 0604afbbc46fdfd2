from __future__ import annotations

from typing import Any

import keras

from kerasgan.core.turn import Minibatch, Turn


class _Rehearsal(keras.layers.Layer):
    """A turn's objective as a layer, so that Keras computes its outputs from shapes alone."""

    def __init__(self, turn: Turn, seed: keras.random.SeedGenerator) -> None:
        # float32 as in the game, whatever the policy: it is the sub-models that cast their inputs.
        super().__init__(name=f"{turn.name}_rehearsal", dtype="float32")
        # In a closure, so that the layer does not track what it rehearses.
        self._evaluate = lambda real, condition: turn.evaluate(
            Minibatch(real, condition, True, seed)
        )[1]

    def call(self, real: Any, condition: Any = None) -> dict[str, Any]:
        return self._evaluate(real, condition)


def rehearse(turn: Turn, real: Any, condition: Any, seed: keras.random.SeedGenerator) -> list[str]:
    """Plays a turn on shapes alone, so that what does not fit is found before any data flows.

    Args:
        turn: The turn.
        real: The specification of a batch of real samples.
        condition: The specification of their conditions, or `None`.
        seed: The game's generator of seeds; it does not move.

    Returns:
        The names of what the turn logs.
    """
    return list(_Rehearsal(turn, seed)(real, condition))
