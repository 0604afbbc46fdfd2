from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from kerasgan import arguments


class Augmentation(ABC):
    """Random transformations of all pictures, real and generated, before the discriminator sees them.

    A discriminator that never sees the same picture twice cannot memorize a small set. Generated pictures are
    transformed in the same way, so the generator does not learn to make transformed ones (Zhao et al. 2020;
    Karras et al. 2020).

    To write your own, subclass this and write two methods. `draw` makes all random choices for one batch.
    `apply` transforms pictures by these choices, and draws nothing itself. So two pictures can be transformed
    in the same way, and each of several replicas can take its rows of one draw. Write both in `keras.ops` and
    `keras.random`. `apply` must be differentiable.

    Attributes:
        sample_shape: `(height, width, channels)` after `build`; `None` before.
        follows_signs: Whether `update` is called in each of the discriminator's turns. Defaults to `False`.

    Example:

    >>> class Darken(kerasgan.augmentation.Augmentation):
    ...     def draw(self, rows, seed, step=0):
    ...         return {"factor": keras.random.uniform((rows, 1, 1, 1), 0.5, 1.0, seed=seed)}
    ...
    ...     def apply(self, images, parameters):
    ...         return images * parameters["factor"]
    >>> Darken()(np.ones((2, 4, 4, 3), "float32"), seed=0).shape
    TensorShape([2, 4, 4, 3])
    """

    follows_signs: bool = False
    sample_shape: tuple[int, ...] | None = None

    def build(self, sample_shape: Sequence[int]) -> None:
        """Takes the shape of the samples, and makes the variables, if there are any.

        Args:
            sample_shape: `(height, width, channels)` of a sample.

        Raises:
            ValueError: If the samples are not pictures, or if it was built for samples of another shape.
        """
        sample_shape = arguments.shape("sample_shape", sample_shape, rank=3)
        if self.sample_shape is not None and self.sample_shape != sample_shape:
            expected = f"{self.sample_shape}, for which this augmentation was built"
            raise arguments.invalid("sample_shape", sample_shape, expected)
        self.sample_shape = sample_shape

    @property
    def variables(self) -> list[keras.Variable]:
        """The state, which is saved and resumed. Empty before `build`."""
        return []

    @abstractmethod
    def draw(self, rows: Any, seed: Any, step: Any = 0) -> Mapping[str, Any]:
        """Makes all random choices for a batch.

        Args:
            rows: The number of pictures, an integer or a scalar tensor. Several replicas draw once for all
                their rows, and each takes its own rows.
            seed: As in `keras.random`.
            step: How many updates the discriminator has made before. Probabilities with a schedule depend on
                it. Defaults to 0.

        Returns:
            A dictionary of tensors `(rows, ...)`, which `apply` takes.
        """

    @abstractmethod
    def apply(self, images: Any, parameters: Mapping[str, Any]) -> Any:
        """Transforms pictures by what `draw` returned. It is differentiable with respect to the pictures.

        Args:
            images: Tensor `(rows, height, width, channels)`.
            parameters: What `draw` returned for these rows.

        Returns:
            Tensor of the shape and the type of `images`.
        """

    def apply_together(self, images: Sequence[Any], parameters: Mapping[str, Any]) -> list[Any]:
        """Transforms several batches in the same way, such as samples and their conditions.

        Args:
            images: Tensors `(rows, height, width, channels)`. Their heights, widths and channels may differ.
            parameters: What `draw` returned for these rows.

        Returns:
            The transformed batches.
        """
        return [self.apply(each, parameters) for each in images]

    def update(self, signs_mean: Any, rows: Any) -> None:  # noqa: B027
        """Records how sure the discriminator is, once in each of its turns. By default, does nothing.

        Args:
            signs_mean: The mean of the signs of the scores of real samples, over the whole global batch.
            rows: The number of samples in the global batch.
        """

    def logs(self, step: Any = 0) -> dict[str, Any]:
        """Returns the values to log, scalars by name.

        Args:
            step: As in `draw`.
        """
        return {}

    def __call__(self, images: Any, seed: Any = None, step: int = 0) -> Any:
        """Draws and transforms in one call, so that you can look at what an augmentation does.

        Args:
            images: Array `(rows, height, width, channels)`.
            seed: As in `keras.random`. Defaults to `None`, Keras's global generator.
            step: As in `draw`. Defaults to 0.

        Returns:
            Tensor of the same shape.
        """
        images = ops.convert_to_tensor(images)
        if self.sample_shape is None:
            self.build(tuple(images.shape[1:]))
        return self.apply(images, self.draw(ops.shape(images)[0], seed, step))

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal augmentation, without its state."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Augmentation:
        """Makes the augmentation that a result of `get_config` describes."""
        return cls(**config)

    def _shape(self) -> tuple[int, ...]:
        if self.sample_shape is None:
            raise ValueError(
                f"`{type(self).__name__}` does not know the shape of the samples. Expected `build` to be "
                "called before `draw`. Received: sample_shape=None"
            )
        return self.sample_shape


def check_value_range(value: Any) -> tuple[float, float]:
    """Returns two numbers, the lower one first, or raises a `ValueError`."""
    if (
        not isinstance(value, (tuple, list))
        or len(value) != 2
        or not all(isinstance(each, numbers.Real) for each in value)
        or not value[0] < value[1]
    ):
        raise arguments.invalid("value_range", value, "two numbers, the lower one first")
    return float(value[0]), float(value[1])
