from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from kerasgan.arguments import invalid
from kerasgan.augmentation._pixels import (
    colors,
    cut_out,
    from_unit,
    moved,
    per_row,
    resample,
    to_unit,
)
from kerasgan.augmentation.augmentation import Augmentation, check_value_range

_POLICIES = ("color", "translation", "cutout")
# Shares of height and width.
_LARGEST_SHIFT = 0.125
_CUTOUT = 0.5


@keras.saving.register_keras_serializable(package="kerasgan")
class DiffAugment(Augmentation):
    """Colors, translation and cutout of every picture (Zhao et al. 2020).

    It is a good start for a few hundred pictures, because there is nothing to tune:

    - `"color"` makes a picture brighter or darker by up to a quarter of its range, and multiplies its
      saturation by 0 to 2 and its contrast by 0.5 to 1.5;
    - `"translation"` moves it by up to an eighth of its height and width;
    - `"cutout"` blanks a rectangle of half its height and width.

    Blank pixels, and those that move in at an edge, have the middle value of the range. Policies are applied
    in the order in which you name them.

    Samples have 1 channel (gray), 2 (gray and alpha), 3 (colors) or 4 (colors and alpha). `"color"` leaves
    alpha as it is. Pictures that are conditions may have other numbers of channels; `"color"` does not change
    them.

    Args:
        policy: Names among `"color"`, `"translation"` and `"cutout"`, in one string with commas between them
            or in a list. Defaults to `"color,translation,cutout"`.
        value_range: The values of black and white. Defaults to `(-1.0, 1.0)`.

    Raises:
        ValueError: If a policy is unknown or named twice, or `value_range` is no range; and by `build`, if
            `"color"` is asked for but the samples have more than 4 channels.

    Example:

    >>> augmentation = kerasgan.augmentation.DiffAugment("translation,cutout")
    >>> augmentation(np.ones((2, 8, 8, 1), "float32"), seed=0).shape
    TensorShape([2, 8, 8, 1])
    """

    def __init__(
        self,
        policy: str | Sequence[str] = "color,translation,cutout",
        value_range: Sequence[float] = (-1.0, 1.0),
    ) -> None:
        names = policy.split(",") if isinstance(policy, str) else list(policy)
        self.policy = tuple(name.strip() for name in names)
        known = set(self.policy) <= set(_POLICIES)
        if not known or not names or len(set(self.policy)) < len(names):
            raise invalid("policy", policy, f"different names among {list(_POLICIES)}")
        self.value_range = check_value_range(value_range)

    def build(self, sample_shape: Sequence[int]) -> None:
        """Takes the shape of the samples."""
        super().build(sample_shape)
        check_colors(self._shape(), "color" in self.policy, "policy")

    def draw(self, rows: Any, seed: Any, step: Any = 0) -> Mapping[str, Any]:
        """Returns brightness, saturation and contrast `(rows,)`, and shift and first pixel `(rows, 2)`."""
        sizes = self._shape()[:2]
        uniform = keras.random.uniform((rows, 7), seed=seed)
        columns = [uniform[:, index] for index in range(7)]
        # As in the paper's code: halves are rounded up, and a rectangle can extend beyond both edges.
        furthest = [int(size * _LARGEST_SHIFT + 0.5) for size in sizes]
        cuts = [int(size * _CUTOUT + 0.5) for size in sizes]
        shift = [
            _integer(u, 2 * most + 1) - most for u, most in zip(columns[3:5], furthest, strict=True)
        ]
        first = [
            _integer(u, size + 1 - cut % 2) - cut // 2
            for u, size, cut in zip(columns[5:], sizes, cuts, strict=True)
        ]
        return {
            "brightness": columns[0] - 0.5,
            "saturation": columns[1] * 2.0,
            "contrast": columns[2] + 0.5,
            "shift": ops.stack(shift, axis=1),
            "first": ops.stack(first, axis=1),
        }

    def apply(self, images: Any, parameters: Mapping[str, Any]) -> Any:
        """Transforms pictures by what `draw` returned."""
        x = to_unit(images, self.value_range)
        steps = {"color": _colored, "translation": self._translated, "cutout": self._cut}
        for name in self.policy:
            x = steps[name](x, parameters)
        return from_unit(x, self.value_range, images.dtype)

    def _translated(self, x: Any, parameters: Mapping[str, Any]) -> Any:
        shift, sizes = parameters["shift"], self._shape()[:2]
        if tuple(x.shape[1:3]) == sizes:
            return moved(x, shift)
        # A picture of another size moves by the same share of its size, perhaps not by whole pixels.
        scale = [new / old for new, old in zip(x.shape[1:3], sizes, strict=True)]
        back = -ops.cast(shift, "float32") * ops.convert_to_tensor(scale, "float32")
        linear = ops.broadcast_to(ops.eye(2), (ops.shape(x)[0], 2, 2))
        return resample(x, linear, back, reflect=False)

    def _cut(self, x: Any, parameters: Mapping[str, Any]) -> Any:
        sizes = ops.convert_to_tensor(self._shape()[:2], "float32")
        cuts = [int(size * _CUTOUT + 0.5) for size in self._shape()[:2]]
        first = ops.cast(parameters["first"], "float32") / sizes
        return cut_out(x, first, (ops.convert_to_tensor(cuts, "float32") / sizes)[None])

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal augmentation."""
        return {"policy": ",".join(self.policy), "value_range": list(self.value_range)}


def check_colors(sample_shape: tuple[int, ...], colored: bool, argument: str) -> None:
    """Raises a `ValueError` if an augmentation changes colors but the samples have none."""
    if colored and not colors(sample_shape[-1]):
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected no transformation of colors: the samples "
            f"have {sample_shape[-1]} channels. Received: {argument} with colors. Pictures with colors have "
            "1 to 4 channels."
        )


def _integer(uniform: Any, count: int) -> Any:
    """Turns uniform numbers in [0, 1) into integers from 0 to `count - 1`, all equally probable."""
    return ops.cast(ops.minimum(ops.floor(uniform * count), count - 1), "int32")


def _colored(x: Any, parameters: Mapping[str, Any]) -> Any:
    count = colors(x.shape[-1])
    if not count:
        return x
    color, rest = x[..., :count], x[..., count:]
    color = color + per_row(parameters["brightness"], x)
    gray = ops.mean(color, axis=-1, keepdims=True)
    color = gray + (color - gray) * per_row(parameters["saturation"], x)
    mean = ops.mean(color, axis=(1, 2, 3), keepdims=True)
    color = mean + (color - mean) * per_row(parameters["contrast"], x)
    return ops.concatenate([color, rest], axis=-1) if rest.shape[-1] else color
