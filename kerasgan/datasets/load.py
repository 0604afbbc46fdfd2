"""Data by name or path, as a command line gives it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.digits import digits
from kerasgan.datasets.gaussian import gaussian
from kerasgan.datasets.gaussian_mixture import grid, ring
from kerasgan.datasets.image_folder import image_folder
from kerasgan.datasets.mnist import fashion_mnist, mnist
from kerasgan.datasets.npz import npz

_BY_NAME: dict[str, Callable[..., Dataset]] = {
    "digits": digits,
    "mnist": mnist,
    "fashion_mnist": fashion_mnist,
    "gaussian": gaussian,
    "ring": ring,
    "grid": grid,
}


def load(name_or_path: str | os.PathLike[str], **options: Any) -> Dataset:
    """Returns the data that a name or a path stands for.

    Args:
        name_or_path: `"digits"`, `"mnist"`, `"fashion_mnist"`, `"gaussian"`, `"ring"` or `"grid"`;
            an `.npz` file; or a folder of images (`"./digits"` is the folder of that name).
        **options: Arguments of the loader: `kerasgan.datasets.digits` and so on, `npz` for a file, or
            `image_folder` for a folder.

    Returns:
        A `Dataset`.

    Raises:
        ValueError: If `name_or_path` is none of these.

    Example:

    >>> load("digits", size=16)
    Dataset(name='digits', x=(1797, 16, 16, 1), number_of_classes=10, \
normalization=Tanh(low=0.0, high=255.0))
    """
    if isinstance(name_or_path, str) and name_or_path in _BY_NAME:
        return _BY_NAME[name_or_path](**options)
    if isinstance(name_or_path, (str, os.PathLike)) and os.fspath(name_or_path):
        path = Path(name_or_path)
        if path.suffix.lower() == ".npz":
            return npz(path, **options)
        if path.is_dir():
            return image_folder(path, **options)
    raise ValueError(
        f"Invalid value for argument `name_or_path`. Expected one of {list(_BY_NAME)}, an .npz "
        f"file or a folder of images. Received: name_or_path={name_or_path!r}"
    )
