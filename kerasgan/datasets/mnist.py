"""MNIST and Fashion-MNIST, through Keras."""

from __future__ import annotations

import os
from types import ModuleType

import keras

from kerasgan.datasets._image_dataset import image_dataset
from kerasgan.datasets.dataset import Dataset
from kerasgan.datasets.normalization import Normalization


def mnist(normalization: str | Normalization = "tanh") -> Dataset:
    """Returns the 70,000 handwritten digits of MNIST, 28×28 and gray.

    Keras downloads them once, to `~/.keras/datasets/mnist.npz`.

    Args:
        normalization: `"tanh"`, `"min_max"`, `"z_score"`, or a `Normalization` of pixels from 0 to
            255. Defaults to `"tanh"`.

    Returns:
        A `Dataset` of 60,000 images to train on and 10,000 to test with, and their labels.

    Raises:
        ConnectionError: If the file is absent and cannot be downloaded.
    """
    return _load("mnist", keras.datasets.mnist, ["mnist.npz"], "", normalization)


def fashion_mnist(normalization: str | Normalization = "tanh") -> Dataset:
    """Returns the 70,000 pictures of clothes of Fashion-MNIST, 28×28 and gray.

    Keras downloads them once, to `~/.keras/datasets/fashion-mnist`.

    Args:
        normalization: `"tanh"`, `"min_max"`, `"z_score"`, or a `Normalization` of pixels from 0 to
            255. Defaults to `"tanh"`.

    Returns:
        A `Dataset` of 60,000 images to train on and 10,000 to test with, and their labels.

    Raises:
        ConnectionError: If the files are absent and cannot be downloaded.
    """
    files = [
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    ]
    module = keras.datasets.fashion_mnist
    return _load("fashion_mnist", module, files, "fashion-mnist", normalization)


def _load(
    name: str,
    module: ModuleType,
    files: list[str],
    subfolder: str,
    normalization: str | Normalization,
) -> Dataset:
    try:
        (x, y), (x_test, y_test) = module.load_data()
    except Exception as error:  # Keras raises a bare Exception where a download fails.
        home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
        folder = os.path.join(home, "datasets", subfolder)
        raise ConnectionError(
            f"Could not load {name} ({error}). Without the internet, put the "
            f"file{'s' if len(files) > 1 else ''} {', '.join(files)} into the folder "
            f"{folder}, or pass a file of your own (`kerasgan.datasets.npz(FILE.npz)`; for an "
            "example, `--data FILE.npz`), or take `digits`, which needs no download."
        ) from error
    return image_dataset(name, x, y, x_test, y_test, normalization=normalization)
