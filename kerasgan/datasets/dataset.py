"""What every loader returns."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from kerasgan.arguments import positive_integer
from kerasgan.datasets._arrays import float32_array, integer_labels
from kerasgan.datasets.normalization import Normalization


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Normalized examples to train and test with, and the normalization to undo.

    The loaders return it, and you can put your own arrays in one. The arrays are ordinary NumPy arrays for
    `fit(dataset.x)`. `batches` returns them as `tf.data`.

    Args:
        x: Normalized training examples, float32, shape `(count, ...)`.
        y: Class labels from 0 upwards, shape `(count,)`, or `None`. Defaults to `None`.
        x_test: Normalized test examples, or `None`. Defaults to `None`.
        y_test: Their labels, or `None`. Defaults to `None`.
        normalization: The normalization that was applied, or `None`. Defaults to `None`.
        number_of_classes: Number of classes, or `None`: one more than the largest label. Defaults
            to `None`.
        name: Name of the data. Defaults to `"dataset"`.
        class_names: Names of the classes in the order of the labels, or `None`. Defaults to `None`.
        images: Whether the examples, before normalization, are images from 0 to 255. Defaults to
            `False`.

    Raises:
        ValueError: If an array holds NaN or numbers that float32 cannot tell apart, or the shapes of
            the arrays do not fit.

    Example:

    >>> dataset = Dataset(x=np.zeros((100, 2)), y=np.arange(100) % 3, name="zeros")
    >>> dataset
    Dataset(name='zeros', x=(100, 2), number_of_classes=3)
    >>> x, y = next(iter(dataset.batches(32)))
    >>> tuple(x.shape), tuple(y.shape)
    ((32, 2), (32,))
    """

    x: np.ndarray
    y: np.ndarray | None = None
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None
    normalization: Normalization | None = None
    number_of_classes: int | None = None
    name: str = "dataset"
    class_names: tuple[str, ...] | None = None
    images: bool = False

    def __post_init__(self) -> None:
        for x_name, y_name in (("x", "y"), ("x_test", "y_test")):
            x, y = getattr(self, x_name), getattr(self, y_name)
            if x is None:
                if y is not None:
                    raise ValueError(
                        f"Invalid value for argument `{y_name}`. Expected None, because `{x_name}` "
                        f"is None. Received: an array of shape {np.shape(y)}"
                    )
                continue
            x = float32_array(x_name, x)
            if x.ndim < 2:
                raise ValueError(
                    f"Invalid value for argument `{x_name}`. Expected shape (count, ...). "
                    f"Received: an array of shape {x.shape}"
                )
            object.__setattr__(self, x_name, x)
            if y is not None:
                object.__setattr__(self, y_name, integer_labels(y_name, y, len(x)))
        if self.x_test is not None and self.x_test.shape[1:] != self.x.shape[1:]:
            raise ValueError(
                "Invalid value for argument `x_test`. Expected examples of the shape of those in "
                f"`x`, {self.x.shape[1:]}. Received: examples of shape {self.x_test.shape[1:]}"
            )
        if self.x_test is not None and (self.y is None) != (self.y_test is None):
            present, absent = ("y_test", "y") if self.y is None else ("y", "y_test")
            raise ValueError(
                f"Invalid value for argument `{absent}`. Expected labels, because `{present}` has "
                f"them. Received: {absent}=None"
            )
        self._check_number_of_classes()

    def _check_number_of_classes(self) -> None:
        labels = [y.max() for y in (self.y, self.y_test) if y is not None]
        if not labels:
            if self.number_of_classes is not None:
                raise ValueError(
                    "Invalid value for argument `number_of_classes`. Expected None, because there "
                    f"are no labels. Received: number_of_classes={self.number_of_classes}"
                )
            return
        needed = int(max(labels)) + 1
        if self.number_of_classes is None:
            object.__setattr__(self, "number_of_classes", needed)
        elif positive_integer("number_of_classes", self.number_of_classes) < needed:
            raise ValueError(
                "Invalid value for argument `number_of_classes`. Expected at least one more than "
                f"the largest label, {needed}. Received: number_of_classes={self.number_of_classes}"
            )

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.x.shape[1:]

    @property
    def value_range(self) -> tuple[float, float] | None:
        """The values of black and white in the units of the data, or `None` if they are not known."""
        if self.images:
            return (0.0, 255.0)
        return None if self.normalization is None else self.normalization.value_range

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        parts = [f"name={self.name!r}", f"x={self.x.shape}"]
        if self.x_test is not None:
            parts.append(f"x_test={self.x_test.shape}")
        if self.number_of_classes is not None:
            parts.append(f"number_of_classes={self.number_of_classes}")
        if self.normalization is not None:
            parts.append(f"normalization={self.normalization!r}")
        return f"Dataset({', '.join(parts)})"

    def batches(
        self, batch_size: int, shuffle: bool = True, seed: int | None = None
    ) -> tf.data.Dataset:
        """Returns the training examples in minibatches, for one epoch.

        Args:
            batch_size: Positive integer. Examples that do not fill the last minibatch are left out. With
                `shuffle`, these are others in each epoch.
            shuffle: Whether each epoch has an order of its own. Defaults to `True`.
            seed: Seed of the orders, or `None`. Defaults to `None`.

        Returns:
            A `tf.data.Dataset` of `x`, or of `(x, y)` where there are labels.

        Raises:
            ValueError: If `batch_size` is not a positive integer or is larger than the data.
        """
        batch_size = positive_integer("batch_size", batch_size)
        if batch_size > len(self.x):
            raise ValueError(
                f"Invalid value for argument `batch_size`. Expected at most {len(self.x)}, the "
                f"number of examples. Received: batch_size={batch_size}"
            )
        arrays = self.x if self.y is None else (self.x, self.y)
        data = tf.data.Dataset.from_tensor_slices(arrays)
        if shuffle:
            data = data.shuffle(len(self.x), seed=seed)
        return data.batch(batch_size, drop_remainder=True).prefetch(tf.data.AUTOTUNE)

    def take(self, count: int) -> Dataset:
        """Returns a data set of the first training examples, for a quick try.

        Args:
            count: Positive integer, at most the number of training examples.

        Returns:
            A `Dataset` with the same test examples.

        Raises:
            ValueError: If `count` is out of range.
        """
        count = positive_integer("count", count)
        if count > len(self.x):
            raise ValueError(
                f"Invalid value for argument `count`. Expected at most {len(self.x)}, the number "
                f"of examples. Received: count={count}"
            )
        y = None if self.y is None else self.y[:count]
        return dataclasses.replace(self, x=self.x[:count], y=y)

    def invert(self, samples: np.ndarray) -> np.ndarray:
        """Returns samples in the units of the data.

        Args:
            samples: Normalized examples, real or generated.

        Returns:
            Images as uint8 from 0 to 255. Other data have the normalization's `dtype`: float32, or float64
            if they are far from 0.
        """
        return to_units(samples, self.normalization, self.images)


def to_units(samples: Any, normalization: Normalization | None, images: bool) -> np.ndarray:
    """Returns samples in the units of the data.

    Args:
        samples: Normalized examples.
        normalization: What was applied to them, or `None`.
        images: Whether to make pictures of them, uint8 from 0 to 255.
    """
    data = np.asarray(samples, dtype=np.float32)
    if normalization is not None:
        data = normalization.invert(data)
    return np.clip(np.rint(data), 0, 255).astype(np.uint8) if images else data
