"""What the loaders of images share."""

from __future__ import annotations

import numpy as np

from kerasgan.datasets import normalization as normalizations
from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.normalization import Normalization, ZScore


def image_dataset(
    name: str,
    x: np.ndarray,
    y: np.ndarray | None = None,
    x_test: np.ndarray | None = None,
    y_test: np.ndarray | None = None,
    normalization: str | Normalization = "tanh",
    number_of_classes: int | None = None,
    class_names: tuple[str, ...] | None = None,
) -> Dataset:
    """Returns images from 0 to 255, shape (count, height, width[, channels]), as a `Dataset`."""
    if x.ndim == 3:
        x = x[..., None]
    if x_test is not None and x_test.ndim == 3:
        x_test = x_test[..., None]
    chosen = normalizations.get(normalization)
    if not chosen.is_fitted:
        # By the range that images have and not by the darkest and the brightest pixel that happens
        # to be in the data, so that the same picture always has the same numbers.
        if isinstance(chosen, ZScore):
            chosen = ZScore(images=True).fit(x)
        else:
            chosen = chosen.from_config({"low": 0, "high": 255})
    return Dataset(
        x=chosen(x),
        y=y,
        x_test=None if x_test is None else chosen(x_test),
        y_test=y_test,
        normalization=chosen,
        number_of_classes=number_of_classes,
        name=name,
        class_names=class_names,
        images=True,
    )
