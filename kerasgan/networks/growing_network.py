from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import invalid, number, positive_integer
from kerasgan.networks._stages import stage_filters
from kerasgan.precision import full_precision

# Growth is counted in whole parts of a level: averages of weights copy integers.
_PARTS = 1000


class GrowingNetwork(keras.Model):
    """A network that is played from its first resolution to its last while it is trained.

    All its blocks exist from the start, and one weight tells how many are in use. Its integer part is the
    level that is grown, 0 the first; its fraction is how far the next one is faded in: at 1.3 the outcome is
    30 % level 2's and 70 % level 1's. Files, averages, optimizers and strategies see the same weights all the
    time, and what goes in and comes out never changes its shape. Each level is a branch of one graph: to grow
    traces nothing anew, and only the branch in use is computed.

    Blocks that are not in use yet get gradients of zero (none where `run_eagerly` is set, of which Keras
    warns). Optimizers without weight decay, such as Adam, leave them as they are then; weight decay and
    regularizers move them all the same. Adam counts its steps for the whole network, and takes a block's
    zeros for its history: the first step of a block that is grown late is `(1 - beta_1) / sqrt(1 - beta_2)`
    learning rates long (10 with `beta_1=0, beta_2=0.99`; 32 with 0.999), and steps are of their usual length
    after some `1 / (1 - beta_2)` more. Faded in over a multiple of those steps, the block has next to no
    share of the outcome while that lasts.

    `kerasgan.callbacks.ProgressiveGrowing` sets the growth in training. A subclass writes `grown`, and
    perhaps `entered` and `left`.

    Args:
        levels: How many resolutions there are, each twice the one before.
        **kwargs: Those of `keras.Model`.

    Raises:
        ValueError: If `levels` is not a positive integer.
    """

    def __init__(self, levels: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.levels = positive_integer("levels", levels)
        self._growth = self.add_weight(
            shape=(), dtype="int", trainable=False, initializer="zeros", name="growth"
        )
        self.growth = self.levels - 1

    @property
    def growth(self) -> float:
        """How far the network is grown, in `[0, levels - 1]`, to a thousandth; all the way in a new one."""
        return int(ops.convert_to_numpy(self._growth)) / _PARTS

    @growth.setter
    def growth(self, growth: float) -> None:
        expected = f"a number in [0, {self.levels - 1}], for the levels of {self.name!r}"
        growth = number("growth", growth, expected, lambda given: 0 <= given <= self.levels - 1)
        self._growth.assign(round(_PARTS * growth))

    def entered(self, inputs: Any) -> Any:
        """Returns what comes before all that depends on growth; the inputs as they are by default."""
        return inputs

    @abstractmethod
    def grown(self, level: int, share: Any, inputs: Any) -> Any:
        """Returns what depends on growth.

        It runs in a branch of a graph. So its layers are built before, and change no state: no batch
        normalization, no dropout.

        Args:
            level: The newest level in use.
            share: Its share of the outcome, a scalar in (0, 1]; the rest is the level's before it. 1 at
                level 0.
            inputs: What `entered` returned.

        Returns:
            A tensor, of the same shape and dtype for every level.
        """

    def left(self, outputs: Any) -> Any:
        """Returns what comes after all that depends on growth; what it gave by default."""
        return outputs

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns what the network makes of its inputs as far as it is grown."""
        level, parts = _newest(ops.convert_to_tensor(self._growth))
        share = ops.cast(parts, full_precision()) / _PARTS
        branches: list[Callable[..., Any]] = [partial(self.grown, i) for i in range(self.levels)]
        return self.left(ops.switch(level, branches, share, self.entered(inputs)))

    def grown_model(self) -> keras.Model:
        """Returns the network as far as it is grown now, as an ordinary model on the same weights.

        It has no branches and does not grow: for formats that know none, such as ONNX.
        """
        level, parts = _newest(int(ops.convert_to_numpy(self._growth)))
        inputs = keras.Input(self.get_build_config()["input_shape"][1:])
        outputs = self.left(self.grown(level, parts / _PARTS, self.entered(inputs)))
        return keras.Model(inputs, outputs, name=self.name)

    def _sizes(self, sample_shape: Sequence[int]) -> list[tuple[int, int]]:
        """Returns the height and width at each level."""
        smallest = 2 ** (self.levels - 1)
        if any(axis % smallest for axis in sample_shape[:2]):
            expected = f"a height and a width that {smallest} divides, for {self.levels} levels"
            raise invalid("sample_shape", sample_shape, expected)
        height, width = (axis // smallest for axis in sample_shape[:2])
        return [(height * 2**level, width * 2**level) for level in range(self.levels)]

    def _widths(self, filters: int | Sequence[int]) -> list[int]:
        """Returns the channels at each level."""
        if not isinstance(filters, Sequence):
            full = positive_integer("filters", filters)
            return [stage_filters(full, self.levels - 1 - level) for level in range(self.levels)]
        if len(filters) != self.levels:
            expected = f"an integer, or {self.levels} for {self.levels} levels"
            raise invalid("filters", filters, expected)
        return [positive_integer("filters", each) for each in filters]


def _newest(growth: Any) -> tuple[Any, Any]:
    """Returns the newest level in use, and how many parts of it are."""
    level = -(-growth // _PARTS)
    return level, growth - _PARTS * (level - 1)
