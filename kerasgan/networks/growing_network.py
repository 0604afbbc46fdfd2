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

# Growth is an integer number of parts of a level, because averages of weights copy integers.
_PARTS = 1000


class GrowingNetwork(keras.Model):
    """A network that can grow from its smallest resolution to its full resolution during training.

    All blocks exist from the start. One weight, `growth`, tells how many are in use. Its integer part is the
    level that is grown, counted from 0. Its fraction is how far the next level is faded in. For example, at
    1.3 the output consists of 30 % of level 2 and 70 % of level 1.

    So files, averages, optimizers and strategies always see the same weights, and the shapes of inputs and
    outputs never change. Each level is a branch of one graph. Nothing is traced again when the network grows,
    and only the branch in use is computed.

    **Blocks that are not in use yet** get gradients of zero. (With `run_eagerly` they get none, and Keras
    warns about that.) Optimizers without weight decay, such as Adam, do not change them. Weight decay and
    regularizers do change them.

    **Adam** counts its steps for the whole network, and keeps the zeros of a block as its history. So the
    first step of a block that grows late is `(1 - beta_1) / sqrt(1 - beta_2)` learning rates long: 10 with
    `beta_1=0, beta_2=0.99`, and 32 with `beta_2=0.999`. After about `1 / (1 - beta_2)` more steps, the steps
    have their usual length. If fading in takes several times as many steps, the block hardly contributes to
    the output during this time.

    `kerasgan.callbacks.ProgressiveGrowing` sets the growth during training. To write a network of your own,
    subclass this and write `grown`, and if you need them `entered` and `left`.

    Args:
        levels: The number of resolutions, a positive integer. Each is twice the one before.
        **kwargs: `name`, `dtype` and the other arguments of `keras.Model`.

    Raises:
        ValueError: If `levels` is not a positive integer.

    Example:

    >>> network = kerasgan.networks.ProgressiveGenerator(8, (8, 8, 1), levels=2, filters=4)
    >>> network.levels, network.growth
    (2, 1.0)
    >>> network.growth = 0.25  # 25 % of level 1, and 75 % of level 0
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
        """How far the network is grown, in `[0, levels - 1]`, to 0.001. A new network is fully grown."""
        return int(ops.convert_to_numpy(self._growth)) / _PARTS

    @growth.setter
    def growth(self, growth: float) -> None:
        expected = f"a number in [0, {self.levels - 1}], for the levels of {self.name!r}"
        growth = number("growth", growth, expected, lambda given: 0 <= given <= self.levels - 1)
        self._growth.assign(round(_PARTS * growth))

    def entered(self, inputs: Any) -> Any:
        """Returns the result of the layers before the part that grows. By default, the inputs."""
        return inputs

    @abstractmethod
    def grown(self, level: int, share: Any, inputs: Any) -> Any:
        """Returns the result of the part that grows.

        This runs in a branch of a graph. So build all its layers before. They must not change a state: no
        batch normalization and no dropout.

        Args:
            level: The newest level in use.
            share: The share of this level in the output, a scalar in (0, 1]. The level before it has the
                rest. It is 1 at level 0.
            inputs: The result of `entered`.

        Returns:
            A tensor that has the same shape and dtype for every level.
        """

    def left(self, outputs: Any) -> Any:
        """Returns the result of the layers after the part that grows. By default, its result."""
        return outputs

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the outputs of the network at its current growth."""
        level, parts = _newest(ops.convert_to_tensor(self._growth))
        share = ops.cast(parts, full_precision()) / _PARTS
        branches: list[Callable[..., Any]] = [partial(self.grown, i) for i in range(self.levels)]
        return self.left(ops.switch(level, branches, share, self.entered(inputs)))

    def grown_model(self) -> keras.Model:
        """Returns the network at its current growth as an ordinary model with the same weights.

        This model has no branches and does not grow. Use it for formats without branches, such as ONNX.
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
    """Returns the newest level in use, and how many of its parts are in use."""
    level = -(-growth // _PARTS)
    return level, growth - _PARTS * (level - 1)
