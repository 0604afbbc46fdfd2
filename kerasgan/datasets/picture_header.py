"""What a picture's file declares, read without decoding the picture."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image, UnidentifiedImageError

_WIDTH, _HEIGHT = 256, 257
BITS_PER_SAMPLE, PHOTOMETRIC, SAMPLE_FORMAT, ORIENTATION = 258, 262, 339, 274
WHITE_IS_ZERO = 0
_SIGNED = 2
# With these orientations, a camera has written columns as rows.
_ON_ITS_SIDE = (5, 6, 7, 8)
# So many pixels Pillow decodes, of which one of 4 channels takes 716 MB.
MOST_PIXELS = 178_956_970
# What Pillow, and TensorFlow for PNG files of 16 bits, raise for a file that is no sound picture.
FAULTS = (
    OSError,
    SyntaxError,
    EOFError,
    ValueError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class PictureError(ValueError):
    """What is wrong with a file that should be a picture.

    Args:
        message: The whole text of the error.
        path: The file, or `None` if the error is about several files.
        why: What is wrong, without the path.
        faults: The errors of the single files, if there are several.
    """

    def __init__(
        self,
        message: str,
        path: Path | None = None,
        why: str = "",
        faults: Sequence[PictureError] = (),
    ) -> None:
        super().__init__(message)
        self.path, self.why, self.faults = path, why, tuple(faults)


class UnreadablePictureError(PictureError):
    """A file that should be a picture, but cannot be read as one."""


class PictureRangeError(PictureError):
    """A file with values outside the range from black to white, or with no known range."""


def unreadable(path: Path, why: str) -> UnreadablePictureError:
    """Returns the error that names a file and says why it cannot be read."""
    return UnreadablePictureError(
        "Invalid value for argument `path`. Expected images that can be read. "
        f"Received: {path}, which cannot ({why})",
        path,
        why,
    )


@dataclasses.dataclass(frozen=True)
class PictureHeader:
    """What a file declares about its picture.

    Args:
        height: Height in pixels, after the picture is turned as its camera says.
        width: Width in pixels.
        mode: Pillow's mode: `"L"`, `"RGB"`, `"RGBA"`, `"P"`, `"CMYK"` and so on.
        file_format: The file's format: `"PNG"`, `"JPEG"` and so on.
        bits: Bits of each value.
        numbers: `"unsigned"`, `"signed"` or `"float"`.
        is_transparent: Whether something in it may be transparent.
    """

    height: int
    width: int
    mode: str
    file_format: str
    bits: int
    numbers: str
    is_transparent: bool

    @property
    def declares_range(self) -> bool:
        """Whether it declares the values of black and white. Floating-point numbers may still exceed them."""
        return self.numbers == "float" or (self.numbers == "unsigned" and self.bits <= 16)


def read_header(
    path: str | os.PathLike[str], min_size: int = 1, max_pixels: int = MOST_PIXELS
) -> PictureHeader:
    """Returns what a file declares about its picture.

    Args:
        path: The file.
        min_size: The smallest side in pixels. Defaults to `1`.
        max_pixels: The largest number of pixels. Defaults to about 179 million.

    Raises:
        UnreadablePictureError: If it is no picture, too small, or too large.
    """
    path = Path(path)
    try:
        with opened(path) as (image, head):
            check_size(path, image, min_size, max_pixels)
            # Pillow would decode a whole PNG file to look for EXIF behind the picture.
            looks = image.format != "PNG" or "exif" in image.info
            turned = looks and image.getexif().get(ORIENTATION) in _ON_ITS_SIDE
            # Pillow has turned the sizes of TIFF files or not, as its version is.
            width, height = (
                tag_of(image, tag, size)
                for tag, size in zip((_WIDTH, _HEIGHT), image.size, strict=True)
            )
            height, width = (width, height) if turned else (height, width)
            floats = image.mode == "F"
            return PictureHeader(
                height=height,
                width=width,
                mode=image.mode,
                file_format=str(image.format),
                bits=bits_of(image, head),
                numbers="float" if floats else "signed" if is_signed(image) else "unsigned",
                is_transparent=image.has_transparency_data,
            )
    except PictureError:
        raise
    except FAULTS as error:
        raise unreadable(path, reason(error, max_pixels)) from error


def reason(error: Exception, max_pixels: int) -> str:
    """Returns what an error of Pillow's says, and what to do about a picture that is too large."""
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"{error} {_too_large(max_pixels)}"
    if isinstance(error, UnidentifiedImageError):
        return "it is of no type of picture that can be read"
    return str(error)


def _too_large(max_pixels: int) -> str:
    return (
        f"That is more than `max_pixels`={max_pixels}: give a larger `max_pixels` if you trust the file "
        "and have memory for it"
    )


def check_size(path: Path, image: Image.Image, min_size: int, max_pixels: int) -> None:
    """Raises an `UnreadablePictureError` if a picture is too small or too large."""
    width, height = image.size
    if width * height > max_pixels:
        raise unreadable(
            path,
            f"it has {height}×{width} pixels. {_too_large(max_pixels)}",
        )
    if min(width, height) < min_size:
        raise unreadable(
            path,
            f"it has {height}×{width} pixels, a side of fewer than `min_size`={min_size}; give a smaller "
            "`min_size` to enlarge it",
        )


@contextlib.contextmanager
def pixels_allowed(max_pixels: int) -> Iterator[None]:
    """Increases Pillow's own limit of pixels in all threads. `check_size` applies the limit instead."""
    previous = Image.MAX_IMAGE_PIXELS
    # Pillow warns above this, of what `check_size` refuses, and stops at twice as much, also in frames that
    # are no picture of their own.
    Image.MAX_IMAGE_PIXELS = max(max_pixels, previous or 0)
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = previous


def tag_of(image: Image.Image, tag: int, default: int) -> int:
    """Returns the first number of a TIFF file's tag, or the default for files of other types."""
    value = getattr(image, "tag_v2", {}).get(tag, default)
    return int(value[0] if isinstance(value, tuple) else value)


def is_signed(image: Image.Image) -> bool:
    """Returns whether a file holds signed integers."""
    return tag_of(image, SAMPLE_FORMAT, 1) == _SIGNED


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[Image.Image, bytes]]:
    """Opens a picture, and gives the first bytes of its file too.

    Pillow gets the open file and not its name. Files that it opens by name it maps into memory, and then it
    scrambles the pictures that it turns.
    """
    with path.open("rb") as file:
        head = file.read(256)
        file.seek(0)
        with Image.open(file) as image:
            yield image, head


def bits_of(image: Image.Image, head: bytes) -> int:
    """Returns how many bits each value has, as the file declares it in its first bytes."""
    if image.format == "PNG":
        return head[24]
    if image.format == "TIFF":
        return tag_of(image, BITS_PER_SAMPLE, 1)
    if image.format == "PPM" and image.mode != "F":
        # Pillow scales grays of more than 8 bits to 16.
        largest = re.match(rb"P[2356]\s+(?:#.*\n\s*)*\d+\s+\d+\s+(\d+)", head)
        return 16 if largest and int(largest[1]) > 255 else 8
    return {"I": 32, "F": 32}.get(image.mode, 16 if image.mode.startswith("I;16") else 8)
