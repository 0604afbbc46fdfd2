import numpy as np
import pytest
from sklearn.datasets import load_digits

from kerasgan.datasets import MinMax, digits


def test_the_digits_as_they_are():
    dataset = digits()
    assert dataset.x.shape == (1797, 8, 8, 1)
    assert (dataset.x.min(), dataset.x.max()) == (-1, 1)
    assert (dataset.number_of_classes, dataset.x_test, dataset.name) == (10, None, "digits")
    expected = np.rint(load_digits().images * 255 / 16)
    np.testing.assert_array_equal(dataset.invert(dataset.x)[..., 0], expected)
    np.testing.assert_array_equal(dataset.y, load_digits().target)


def test_resized():
    dataset = digits(size=12)
    assert dataset.x.shape == (1797, 12, 12, 1)
    assert dataset.x.min() >= -1
    assert dataset.x.max() <= 1
    # Bilinear resizing keeps the ink of a picture.
    ink, original = dataset.x.mean((1, 2, 3)), digits().x.mean((1, 2, 3))
    assert np.abs(ink - original).max() < 0.1


def test_split_is_stratified_and_repeatable():
    dataset, again, other = (digits(test_fraction=0.2, seed=seed) for seed in (0, 0, 1))
    assert (len(dataset.x), len(dataset.x_test)) == (1437, 360)
    shares = np.bincount(dataset.y_test) / np.bincount(load_digits().target)
    assert np.abs(shares - 0.2).max() < 0.01
    np.testing.assert_array_equal(dataset.x_test, again.x_test)
    assert not np.array_equal(dataset.x_test, other.x_test)
    both = np.concatenate([dataset.x, dataset.x_test]).reshape(1797, -1)
    every = digits().x.reshape(1797, -1)
    np.testing.assert_array_equal(both[np.lexsort(both.T)], every[np.lexsort(every.T)])


def test_normalization():
    assert digits(normalization="min_max").x.min() == 0
    z_score = digits(normalization="z_score")
    assert z_score.normalization.images
    assert abs(z_score.x.mean()) < 1e-3
    assert z_score.x.std() == pytest.approx(1, abs=1e-3)
    own = MinMax(0, 510)
    dataset = digits(normalization=own)
    assert dataset.normalization is own
    assert dataset.x.max() == 0.5


def test_without_scikit_learn(hide):
    hide("sklearn")
    with pytest.raises(ImportError, match=r'pip install "kerasgan\[examples\]"'):
        digits()


@pytest.mark.parametrize(
    ("argument", "options"),
    [
        ("size", {"size": 0}),
        ("size", {"size": 8.5}),
        ("test_fraction", {"test_fraction": 1.0}),
        ("test_fraction", {"test_fraction": -0.1}),
        ("test_fraction", {"test_fraction": "a"}),
        ("normalization", {"normalization": "log"}),
    ],
)
def test_argument_out_of_range(argument, options):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        digits(**options)
