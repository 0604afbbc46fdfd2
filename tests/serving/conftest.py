"""What the tests of this folder serve."""

import os
from pathlib import Path

import keras
import pytest
from asking import PYTHON
from running_server import RunningServer

import kerasgan

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """A conditional GAN of images, untrained, its data, and its export: the model of docs/serving.md."""
    keras.utils.set_random_seed(0)
    data = kerasgan.datasets.load("digits")
    gan = kerasgan.ConditionalGAN(
        kerasgan.networks.dcgan_generator(16, (8, 8, 1), filters=16, number_of_classes=10),
        kerasgan.networks.dcgan_discriminator((8, 8, 1), filters=16, number_of_classes=10),
    )
    gan.compile()
    folder = tmp_path_factory.mktemp("digits") / "1"
    gan.export(folder, normalization=data.normalization, verbose=False)
    return gan, data, folder


@pytest.fixture(scope="session")
def points(tmp_path_factory):
    """The export of a GAN of points in the plane: no condition, no images."""
    keras.utils.set_random_seed(0)
    gan = kerasgan.GAN(
        kerasgan.networks.mlp((3,), [8], (2,)), kerasgan.networks.mlp((2,), [8], (1,))
    )
    folder = tmp_path_factory.mktemp("points") / "1"
    gan.export(folder, verbose=False)
    return folder


@pytest.fixture(scope="session")
def noisy_points(tmp_path_factory):
    """Likewise, of a generator that draws noise itself."""
    keras.utils.set_random_seed(0)
    noise = kerasgan.layers.ConcatenateNoise(2)
    gan = kerasgan.GAN(
        keras.Sequential([keras.Input((3,)), noise, keras.layers.Dense(2)]),
        kerasgan.networks.mlp((2,), [8], (1,)),
    )
    folder = tmp_path_factory.mktemp("noisy_points") / "1"
    gan.export(folder, verbose=False)
    return folder


@pytest.fixture(scope="session")
def server(digits):
    """A server of the images, which waits for no other request."""
    with RunningServer(digits[2], classes=10, arguments=["--max-body=100000"], python=PYTHON) as it:
        yield it


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory):
    """Where pictures go for people to look at."""
    folder = os.environ.get("KERASGAN_SCREENSHOTS")
    if not folder:
        return tmp_path_factory.mktemp("screenshots")
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder)
