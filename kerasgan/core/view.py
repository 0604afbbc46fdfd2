from __future__ import annotations

from typing import Any

import keras

from kerasgan.augmentation import Augmentation
from kerasgan.backend import draw_rows
from kerasgan.core.turn import Minibatch


class View:
    """Transforms a minibatch's samples, and conditions that are pictures, for the discriminator.

    Args:
        augmentation: The transformation; `None` for none.
        minibatch: The minibatch.
        step: How many updates the turn's players have made.
    """

    def __init__(self, augmentation: Augmentation | None, minibatch: Minibatch, step: Any) -> None:
        self._augmentation, self._condition = augmentation, minibatch.condition
        if augmentation is not None:
            self._parameters = draw_rows(
                lambda rows: dict(augmentation.draw(rows, minibatch.seed, step)), minibatch.rows
            )

    def __call__(self, samples: Any) -> tuple[Any, Any]:
        """Returns samples and their conditions as the discriminator sees them."""
        if self._augmentation is None:
            return samples, self._condition
        leaves = keras.tree.flatten(self._condition)
        places = [place for place, leaf in enumerate(leaves) if _is_picture(leaf)]
        seen = self._augmentation.apply_together(
            [samples, *(leaves[place] for place in places)], self._parameters
        )
        for place, picture in zip(places, seen[1:], strict=True):
            leaves[place] = picture
        return seen[0], keras.tree.pack_sequence_as(self._condition, leaves)


def _is_picture(value: Any) -> bool:
    return value is not None and len(value.shape) == 4 and keras.backend.is_float_dtype(value.dtype)
