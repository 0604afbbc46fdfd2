import numpy as np
import pytest

from kerasgan.datasets import load, npz


@pytest.fixture
def save(tmp_path):
    def save(**arrays):
        path = tmp_path / "data.npz"
        np.savez(path, **arrays)
        return path

    return save


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (6, 4, 5)).astype("uint8")


def test_like_mnist(save, images):
    path = save(
        x_train=images[:4],
        y_train=np.array([0, 1, 2, 1], "uint8"),
        x_test=images[4:],
        y_test=np.array([3, 0], "uint8"),
    )
    dataset = npz(path)
    assert (dataset.x.shape, dataset.x_test.shape) == ((4, 4, 5, 1), (2, 4, 5, 1))
    assert (dataset.number_of_classes, dataset.name) == (4, "data")
    np.testing.assert_allclose(dataset.x[..., 0], images[:4] / 127.5 - 1, atol=1e-6)
    np.testing.assert_array_equal(dataset.invert(dataset.x_test)[..., 0], images[4:])
    np.testing.assert_array_equal(dataset.y_test, [3, 0])
    np.testing.assert_array_equal(load(str(path)).x, dataset.x)


def test_x_and_y(save, images):
    dataset = npz(save(x=images, y=np.arange(6)))
    assert (len(dataset.x), dataset.number_of_classes, dataset.x_test) == (6, 6, None)


def test_one_array_of_any_name(save, images):
    color = np.repeat(images[..., None], 3, axis=-1)
    dataset = npz(save(faces=color))
    assert dataset.x.shape == (6, 4, 5, 3)
    np.testing.assert_array_equal(dataset.invert(dataset.x), color)


@pytest.mark.parametrize("scale", [1.0, 16.0, 65535.0])
def test_images_in_another_range(save, images, scale):
    images[0, 0, :2] = 0, 255
    dataset = npz(save(x=images / 255 * scale))
    assert (dataset.x.min(), dataset.x.max()) == (-1, 1)
    np.testing.assert_array_equal(dataset.invert(dataset.x)[..., 0], images)


def test_value_range(save):
    dataset = npz(save(x=np.full((2, 3, 3), 0.5)), value_range=(-1, 1))
    np.testing.assert_allclose(dataset.x, 0.5, atol=1e-6)
    assert npz(save(x=np.zeros((2, 3, 3), "uint8"))).x.max() == -1


def test_plain_numbers_are_fitted_and_invert(save):
    x = np.random.default_rng(1).normal(5, 2, (50, 3))
    dataset = npz(save(x=x))
    assert (dataset.x.min(), dataset.x.max()) == (-1, 1)
    np.testing.assert_allclose(dataset.invert(dataset.x), x, atol=1e-5)
    z_score = npz(save(x=x), normalization="z_score")
    assert z_score.x.std() == pytest.approx(1, abs=1e-5)


def test_a_list_of_numbers_becomes_a_column(save):
    assert npz(save(x=np.arange(5.0), x_test=np.arange(2.0))).x_test.shape == (2, 1)


def test_nan_names_the_array(save):
    x = np.ones((1, 4, 4))
    x[0, 1, 2] = np.nan
    path = save(x_train=x)
    with pytest.raises(ValueError, match=r"argument `x_train`.*NaN or infinity in 1 of 16 places"):
        npz(path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.ones((2, 2)), "b": np.ones(2)}, r"`path`.*`x_train`.*\['a', 'b'\]"),
        ({"x": np.ones((2, 4, 4)), "x_test": np.ones((2, 5, 4))}, "`path`.*one shape"),
        ({"x": np.ones((2, 2)), "y": np.ones(2)}, "`y`.*integer label"),
        ({"x": np.ones((2, 2)), "y": np.array([1])}, "`y`.*integer label"),
        ({"x": np.ones((2, 4, 4))}, "`value_range`.*all pixels"),
        ({"x": np.array([{"a": 1}], dtype=object)}, "`path`.*cannot be read"),
        ({"x": np.array(["a", "b"])}, "`x`. Expected real numbers"),
    ],
)
def test_arrays_that_do_not_fit(save, arrays, message):
    with pytest.raises(ValueError, match=message):
        npz(save(**arrays))


@pytest.mark.parametrize("value_range", [(0, 0), (1, 0), 3, (0, 1, 2), (0, "a"), (0, np.inf)])
def test_value_range_that_is_none(save, images, value_range):
    with pytest.raises(ValueError, match="Invalid value for argument `value_range`"):
        npz(save(x=images), value_range=value_range)


def test_value_range_for_plain_numbers(save):
    with pytest.raises(ValueError, match=r"argument `value_range`. Expected None"):
        npz(save(x=np.ones((3, 2))), value_range=(0, 1))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04cut off"])
def test_file_that_is_no_archive(tmp_path, content):
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"argument `path`.*data\.npz, which cannot be read"):
        npz(path)


def test_npy_file_in_disguise(tmp_path):
    with open(tmp_path / "data.npz", "wb") as file:
        np.save(file, np.ones(3))
    with pytest.raises(ValueError, match=r"cannot be read as one \(it holds one array"):
        npz(tmp_path / "data.npz")


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz, which does not exist"):
        load(tmp_path / "nothing.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(FileNotFoundError, match="is a folder"):
        npz(tmp_path / "folder.npz")


def test_a_range_far_from_0_keeps_its_digits(save, images):
    images[0, 0, :2] = 0, 255
    dataset = npz(save(x=images.astype("int64") + 1_700_000_000))
    np.testing.assert_array_equal(dataset.invert(dataset.x)[..., 0], images)
