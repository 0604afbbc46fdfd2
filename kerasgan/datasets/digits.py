"""scikit-learn's handwritten digits."""

from __future__ import annotations

import numpy as np
from PIL import Image

from kerasgan.arguments import fraction, positive_integer
from kerasgan.datasets._image_dataset import image_dataset
from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.normalization import Normalization
from kerasgan.extras import require


def digits(
    size: int = 8,
    test_fraction: float = 0.0,
    seed: int = 0,
    normalization: str | Normalization = "tanh",
) -> Dataset:
    """Returns the 1,797 real handwritten digits that come with scikit-learn, 8×8 and gray.

    They need no download, so they are good data for a first try.

    Args:
        size: Positive integer, height and width of the images. If it is not 8, they are resized
            (bilinear). Defaults to `8`.
        test_fraction: Share of the digits to set aside for testing, at least 0 and below 1. Each class
            gives the same share. Defaults to `0.0`.
        seed: Seed of the choice of the test digits. Defaults to `0`.
        normalization: `"tanh"`, `"min_max"`, `"z_score"`, or a `Normalization` of pixels from 0 to
            255. Defaults to `"tanh"`.

    Returns:
        A `Dataset` of images `(count, size, size, 1)` and their labels.

    Raises:
        ImportError: If scikit-learn is not installed.
        ValueError: If an argument is out of range.

    Example:

    >>> digits(test_fraction=0.2)
    Dataset(name='digits', x=(1437, 8, 8, 1), x_test=(360, 8, 8, 1), number_of_classes=10, \
normalization=Tanh(low=0.0, high=255.0))
    """
    size = positive_integer("size", size)
    test_fraction = fraction("test_fraction", test_fraction)
    require("sklearn", "The data set `digits`")
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    data = load_digits()
    images = (data.images * (255 / 16)).astype(np.float32)
    labels = data.target.astype(np.int32)
    if size != images.shape[1]:
        images = np.stack(
            [
                np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
                for image in images
            ]
        )
    if test_fraction == 0:
        return image_dataset("digits", images, labels, normalization=normalization)
    x, x_test, y, y_test = train_test_split(
        images, labels, test_size=test_fraction, stratify=labels, random_state=seed
    )
    return image_dataset("digits", x, y, x_test, y_test, normalization=normalization)
