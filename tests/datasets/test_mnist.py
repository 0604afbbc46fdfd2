import keras
import numpy as np
import pytest

from kerasgan.datasets import fashion_mnist, load, mnist

LOADERS = [("mnist", mnist), ("fashion_mnist", fashion_mnist)]


@pytest.fixture
def four_images(monkeypatch):
    x = np.random.default_rng(0).integers(0, 256, (4, 28, 28)).astype("uint8")
    y = np.array([7, 2, 9, 0], "uint8")

    def load_data():
        return (x[:3], y[:3]), (x[3:], y[3:])

    for name, _ in LOADERS:
        monkeypatch.setattr(getattr(keras.datasets, name), "load_data", load_data)
    return x, y


@pytest.mark.parametrize(("name", "loader"), LOADERS)
def test_images_and_labels(name, loader, four_images):
    x, y = four_images
    dataset = loader()
    assert (dataset.name, dataset.number_of_classes) == (name, 10)
    assert (dataset.x.shape, dataset.x_test.shape) == ((3, 28, 28, 1), (1, 28, 28, 1))
    np.testing.assert_allclose(dataset.x[..., 0], x[:3] / 127.5 - 1, atol=1e-6)
    np.testing.assert_array_equal(dataset.invert(dataset.x_test)[..., 0], x[3:])
    np.testing.assert_array_equal(dataset.y, y[:3])
    assert load(name, normalization="min_max").x.min() >= 0


@pytest.mark.parametrize(
    ("name", "loader", "place"),
    [
        ("mnist", mnist, "mnist.npz into the folder {}/datasets"),
        ("fashion_mnist", fashion_mnist, "t10k-labels-idx1-ubyte.gz into the folder {}/datasets"),
    ],
)
def test_without_the_internet(name, loader, place, monkeypatch, tmp_path):
    def load_data():
        raise Exception("URL fetch failure on https://example.org: None -- no route to host")

    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", load_data)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(ConnectionError) as caught:
        loader()
    message = str(caught.value)
    assert place.format(tmp_path) in message
    assert "--data FILE.npz" in message
    assert "no route to host" in message
