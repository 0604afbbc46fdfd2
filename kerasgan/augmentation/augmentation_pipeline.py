from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import keras
from keras import ops

from kerasgan import schedules
from kerasgan.arguments import invalid, number
from kerasgan.augmentation._pixels import colors, cut_out, from_unit, per_row, resample, to_unit
from kerasgan.augmentation.augmentation import Augmentation, check_value_range
from kerasgan.augmentation.diff_augment import check_colors

_GEOMETRY = (
    "flip",
    "quarter_turn",
    "integer_translation",
    "scaling",
    "rotation",
    "anisotropic_scaling",
    "fractional_translation",
)
_COLOR = ("brightness", "contrast", "luma_flip", "hue", "saturation")
_GROUPS = {"geometry": _GEOMETRY, "color": _COLOR}
_ALL = (*_GEOMETRY, *_COLOR, "cutout")

# The paper's values: shares of height and width, and standard deviations. Factors are powers of two.
_LARGEST_INTEGER_TRANSLATION = 0.125
_FRACTIONAL_TRANSLATION = 0.125
_SCALING = 0.2
_BRIGHTNESS = 0.2
_CONTRAST = 0.5
_SATURATION = 1.0
_CUTOUT = 0.5
# How many random numbers all transformations need.
_DRAWS = 32


@keras.saving.register_keras_serializable(package="kerasgan")
class AugmentationPipeline(Augmentation):
    """The transformations of adaptive augmentation, each with a probability that you set.

    Karras et al. 2020, section 2.2 and appendix B. Each transformation is applied to each picture with the
    probability, independently of the others, so that most pictures go through several:

    - `"flip"`, from left to right, which changes half of the pictures that it is applied to;
    - `"quarter_turn"` by 0 to 3 right angles; by 0 or 2 if pictures are not square;
    - `"integer_translation"` by whole pixels, up to an eighth of height and width;
    - `"scaling"` and `"anisotropic_scaling"`, by powers of two with a standard deviation of 0.2;
    - `"rotation"` by any angle, before or after the second scaling;
    - `"fractional_translation"`, with a standard deviation of an eighth of height and width;
    - `"brightness"` (standard deviation of a tenth of the range), `"contrast"` and `"saturation"` (powers of
      two with standard deviations of 0.5 and 1), `"luma_flip"` (dark becomes bright) and `"hue"`;
    - `"cutout"` of half the height and width, not among the defaults, as in the paper.

    `"geometry"` stands for the first seven, and `"color"` for the five of colors. Geometry is one affine
    transformation with bilinear samples. Beyond its edges, a picture continues as in a mirror. Colors are one
    matrix. The paper's filter of frequencies and its noise are left out, since the paper found them of little
    use. Its sampling at twice the size is left out, too.

    Stay below a probability of 0.8. Near 1, the generator learns to make transformed pictures: if every
    picture is turned, the discriminator cannot tell which ones were turned before.

    Samples have 1 channel (gray), 2 (gray and alpha), 3 (colors) or 4 (colors and alpha). Alpha is left as
    it is. Pictures that are conditions may have other numbers of channels; their colors are left as they are.

    Args:
        probability: A number in `[0, 1]`, or a `keras.optimizers.schedules.LearningRateSchedule` of the
            discriminator's updates. R3GAN goes from 0 to between 0.3 and 0.55 along a
            `kerasgan.schedules.Cosine`.
        transformations: Names of transformations or of both groups; or a dictionary of such names, each with
            a factor in `[0, 1]` by which the probability is multiplied. R3GAN's is
            `{"geometry": 1, "color": 0.5, "cutout": 1}`. Defaults to `("geometry", "color")`.
        value_range: The values of black and white. Defaults to `(-1.0, 1.0)`.

    Raises:
        ValueError: If an argument is out of range; and by `build`, if transformations of colors are asked for
            but the samples have more than 4 channels.

    Example:

    >>> pipeline = kerasgan.augmentation.AugmentationPipeline(0.3, ["flip", "integer_translation"])
    >>> pipeline(np.ones((2, 8, 8, 3), "float32"), seed=0).shape
    TensorShape([2, 8, 8, 3])
    """

    def __init__(
        self,
        probability: float | schedules.Schedule,
        transformations: str | Sequence[str] | Mapping[str, float] = ("geometry", "color"),
        value_range: Sequence[float] = (-1.0, 1.0),
    ) -> None:
        self.probability = schedules.number_or_schedule(
            "probability", probability, "a number in [0, 1]", lambda given: 0 <= given <= 1
        )
        self.transformations = _factors(transformations)
        self.value_range = check_value_range(value_range)

    def build(self, sample_shape: Sequence[int]) -> None:
        """Takes the shape of the samples."""
        super().build(sample_shape)
        colored = any(name in self.transformations for name in _COLOR)
        check_colors(self._shape(), colored, "transformations")

    def current_probability(self, step: Any = 0) -> Any:
        """Returns the probability after some updates of the discriminator: a number or a float32 scalar."""
        return schedules.value_at(self.probability, step)

    def logs(self, step: Any = 0) -> dict[str, Any]:
        """Returns the probability, as `augmentation_probability`."""
        return {"augmentation_probability": self.current_probability(step)}

    def draw(self, rows: Any, seed: Any, step: Any = 0) -> Mapping[str, Any]:
        """Returns the affine transformations of places and of colors, and the rectangle to cut out."""
        # One draw for all. With an integer as the seed, several draws would give the same numbers.
        uniform = keras.random.uniform((rows, _DRAWS), seed=seed)
        draws = _Draws(uniform, self.transformations, self.current_probability(step))
        linear, shift = self._geometry(draws)
        return {"linear": linear, "shift": shift, **_color(draws), **_cutout(draws)}

    def apply(self, images: Any, parameters: Mapping[str, Any]) -> Any:
        """Transforms pictures by what `draw` returned."""
        x = to_unit(images, self.value_range)
        if any(name in self.transformations for name in _GEOMETRY):
            scale = [new / old for new, old in zip(x.shape[1:3], self._shape()[:2], strict=True)]
            # In pixels of these pictures, which may have another size than the samples.
            wide = ops.convert_to_tensor(scale, "float32")
            linear = parameters["linear"] * wide[:, None] / wide
            x = resample(x, linear, parameters["shift"] * wide, reflect=True)
        if any(name in self.transformations for name in _COLOR):
            x = _recolored(x, parameters)
        if "cutout" in self.transformations:
            x = cut_out(x, parameters["first"], parameters["size"])
        return from_unit(x, self.value_range, images.dtype)

    def _geometry(self, draws: _Draws) -> tuple[Any, Any]:
        """Returns where each pixel of the transformed picture comes from: the inverse transformation."""
        sizes = self._shape()[:2]
        square = sizes[0] == sizes[1]
        size = ops.convert_to_tensor(sizes, "float32")
        one, zero = draws.zero + 1.0, draws.zero

        flip = draws.choice("flip", lambda u: 1.0 - 2.0 * ops.floor(2.0 * u), one)
        linear = _rows([[one, zero], [zero, flip]])
        turns = draws.choice(
            "quarter_turn",
            lambda u: ops.floor(4.0 * u) if square else 2.0 * ops.floor(2.0 * u),
            zero,
        )
        # Not `ops.cos`: for a right angle, its result is not exactly 0.
        cosine = ops.where(turns == 0.0, 1.0, ops.where(turns == 2.0, -1.0, 0.0))
        sine = ops.where(turns == 1.0, 1.0, ops.where(turns == 3.0, -1.0, 0.0))
        linear = _product(linear, _rows([[cosine, -sine], [sine, cosine]]))
        shares = draws.choices("integer_translation", lambda u: 2.0 * u - 1.0)
        shift = -_moved(linear, ops.round(shares * _LARGEST_INTEGER_TRANSLATION * size))

        scale = draws.choice("scaling", lambda u: ops.exp2(_SCALING * _normal(u)), one)
        linear = linear / scale[:, None, None]
        linear = _product(linear, _rotation(draws.rotation()))
        scale = draws.choice("anisotropic_scaling", lambda u: ops.exp2(_SCALING * _normal(u)), one)
        linear = _product(linear, _rows([[scale, zero], [zero, 1.0 / scale]]))
        linear = _product(linear, _rotation(draws.rotation()))
        shares = draws.choices("fractional_translation", _normal)
        shift = shift - _moved(linear, shares * _FRACTIONAL_TRANSLATION * size)
        return linear, shift

    def get_config(self) -> dict[str, Any]:
        """Returns the arguments that make an equal augmentation."""
        return {
            "probability": schedules.to_config(self.probability),
            "transformations": dict(self.transformations),
            "value_range": list(self.value_range),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Augmentation:
        """Makes the augmentation that a result of `get_config` describes."""
        return cls(**{**config, "probability": schedules.from_config(config["probability"])})


class _Draws:
    """Random numbers for the transformations of a batch. They also decide which pictures are transformed.

    Args:
        uniform: Tensor `(rows, count)` of numbers in `[0, 1)`.
        factors: The factor of the probability of each requested transformation.
        probability: The probability.
    """

    def __init__(self, uniform: Any, factors: Mapping[str, float], probability: Any) -> None:
        self._columns: Iterator[Any] = iter(ops.unstack(uniform, axis=1))
        self._factors = factors
        self._probability = ops.cast(probability, "float32")
        self.zero = ops.zeros_like(uniform[:, 0])

    def choice(self, name: str, of_uniform: Any, identity: Any) -> Any:
        """Returns a number for each picture, `(rows,)`: the identity if the picture is not transformed."""
        gate, uniform = next(self._columns), next(self._columns)
        applied = gate < self._factors.get(name, 0.0) * self._probability
        return ops.where(applied, of_uniform(uniform), identity)

    def choices(self, name: str, of_uniform: Any) -> Any:
        """Returns two numbers for each picture, `(rows, 2)`: 0 if the picture is not transformed."""
        applied = next(self._columns) < self._factors.get(name, 0.0) * self._probability
        return ops.where(applied[:, None], of_uniform(self.two()), 0.0)

    def two(self) -> Any:
        """Returns two uniform numbers for each picture, `(rows, 2)`."""
        return ops.stack([next(self._columns), next(self._columns)], axis=1)

    def rotation(self) -> Any:
        """Returns one of the two angles. The probability is that of at least one of them."""
        gate, uniform = next(self._columns), next(self._columns)
        once = ops.maximum(1.0 - self._factors.get("rotation", 0.0) * self._probability, 0.0)
        return ops.where(gate < 1.0 - ops.sqrt(once), math.pi * (2.0 * uniform - 1.0), 0.0)


def _color(draws: _Draws) -> dict[str, Any]:
    """Returns the affine transformation of colors.

    The gray axis is an eigenvector of all matrices. They turn or stretch the plane that is perpendicular to
    it. So their order does not matter, except that of the brightness, which comes first.
    """
    one, zero = draws.zero + 1.0, draws.zero
    brightness = draws.choice("brightness", lambda u: _BRIGHTNESS * _normal(u), zero)
    contrast = draws.choice("contrast", lambda u: ops.exp2(_CONTRAST * _normal(u)), one)
    flip = draws.choice("luma_flip", lambda u: 1.0 - 2.0 * ops.floor(2.0 * u), one)
    hue = draws.choice("hue", lambda u: math.pi * (2.0 * u - 1.0), zero)
    saturation = draws.choice("saturation", lambda u: ops.exp2(_SATURATION * _normal(u)), one)
    luma, chroma = contrast * flip, contrast * saturation
    return {"luma": luma, "offset": luma * brightness, "chroma": chroma, "hue": hue}


def _recolored(x: Any, parameters: Mapping[str, Any]) -> Any:
    count = colors(x.shape[-1])
    if not count:
        return x
    color, rest = x[..., :count], x[..., count:]
    # Changes are added. They are exactly 0 if nothing changes.
    luma, offset = per_row(parameters["luma"], x), per_row(parameters["offset"], x)
    gray = ops.mean(color, axis=-1, keepdims=True)
    change = (luma - 1) * gray + offset
    if count > 1:
        across = color - gray
        # Rodrigues' formula for a turn about the gray axis: the perpendicular part, and its cross product.
        turned = (ops.roll(across, 1, axis=-1) - ops.roll(across, -1, axis=-1)) / math.sqrt(3.0)
        chroma, hue = parameters["chroma"], parameters["hue"]
        change = change + (per_row(chroma * ops.cos(hue), x) - 1) * across
        change = change + per_row(chroma * ops.sin(hue), x) * turned
    color = color + change
    return ops.concatenate([color, rest], axis=-1) if rest.shape[-1] else color


def _cutout(draws: _Draws) -> dict[str, Any]:
    size = draws.choice("cutout", lambda u: ops.full_like(u, _CUTOUT), draws.zero)
    middle = draws.two()
    return {"first": middle - size[:, None] / 2, "size": ops.stack([size, size], axis=1)}


def _normal(uniform: Any) -> Any:
    """Turns uniform numbers into normal ones, by the inverse of the normal distribution function."""
    return math.sqrt(2.0) * ops.erfinv(ops.clip(2.0 * uniform - 1.0, -0.999999, 0.999999))


def _rows(entries: list[list[Any]]) -> Any:
    """Returns a matrix for each picture, from the entries of all matrices."""
    return ops.stack([ops.stack(row, axis=1) for row in entries], axis=1)


def _rotation(angle: Any) -> Any:
    cosine, sine = ops.cos(angle), ops.sin(angle)
    return _rows([[cosine, -sine], [sine, cosine]])


def _product(first: Any, second: Any) -> Any:
    """Returns products of 2×2 matrices, without a GPU's TensorFloat-32."""
    return ops.sum(first[:, :, :, None] * second[:, None, :, :], axis=2)


def _moved(linear: Any, place: Any) -> Any:
    return ops.sum(linear * place[:, None, :], axis=2)


def _factors(transformations: Any) -> dict[str, float]:
    """Returns the factor of each transformation's probability, in the order of the pipeline."""
    given = transformations
    if isinstance(given, str):
        given = [name.strip() for name in given.split(",")]
    if not isinstance(given, Mapping):
        given = dict.fromkeys(given, 1.0) if isinstance(given, Iterable) else {}
    if not given or not set(given) <= {*_ALL, *_GROUPS}:
        expected = f"names among {[*_GROUPS, *_ALL]}"
        raise invalid("transformations", transformations, expected)
    found: dict[str, float] = {}
    # Groups come first, so that the factor of a single transformation overrides that of its group.
    for name in sorted(given, key=lambda name: name not in _GROUPS):
        factor = number("transformations", given[name], "factors in [0, 1]", lambda f: 0 <= f <= 1)
        found.update(dict.fromkeys(_GROUPS.get(name, (name,)), factor))
    return {name: found[name] for name in _ALL if name in found}
