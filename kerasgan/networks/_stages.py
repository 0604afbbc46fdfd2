"""The stages in which a convolutional network halves or doubles images of any size."""

from __future__ import annotations

from kerasgan.arguments import invalid, positive_integer

# The number of channels doubles with each halving, up to this factor.
LARGEST_WIDENING = 8


def halving_stages(height: int, width: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Returns the sizes of an image from the full size down, each with the strides that lead to it.

    Both axes are halved twice, or until they are 1. Then they are halved until they are shorter than 8.
    """
    size = (height, width)
    stages = [(size, (1, 1))]
    while True:
        strides = tuple(2 if axis >= 8 or (axis > 1 and len(stages) <= 2) else 1 for axis in size)
        if strides == (1, 1):
            return stages
        size = (-(-size[0] // strides[0]), -(-size[1] // strides[1]))
        stages.append((size, (strides[0], strides[1])))


def kernel_size(strides: tuple[int, int]) -> tuple[int, int]:
    """Returns a kernel size that the strides divide. This avoids checkerboard patterns."""
    return (4 if strides[0] == 2 else 3, 4 if strides[1] == 2 else 3)


def stage_filters(filters: int, halvings: int) -> int:
    """Returns the number of channels after a number of halvings."""
    return filters * min(2**halvings, LARGEST_WIDENING)


def default_filters(filters: int | None, height: int, width: int) -> int:
    """Returns the number of channels at full size: as given, or depending on the size of the image."""
    if filters is None:
        return 32 if max(height, width) <= 16 else 64
    return positive_integer("filters", filters)


def smallest_size(height: int, width: int) -> tuple[tuple[int, int], int]:
    """Returns the size of the smallest image, and how often it is doubled.

    The shorter side of the smallest image is 4 to 7. For example, 64×96 is 4×6, doubled four times.

    Raises:
        ValueError: If a side cannot be halved that often.
    """
    doublings = 0
    while min(height, width) >> doublings >= 8:
        doublings += 1
    unit = 2**doublings
    if min(height, width) < 4 or height % unit or width % unit:
        near = tuple(max(side // unit * unit, 4) for side in (height, width))
        raise invalid(
            "sample_shape",
            (height, width),
            "height and width of at least 4 that can be halved until the shorter one is 4 to 7, such as "
            f"{near}",
        )
    return (height // unit, width // unit), doublings
