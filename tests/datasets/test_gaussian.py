import numpy as np
import pytest

from kerasgan.datasets import gaussian


def test_moments():
    x = gaussian(mean=4.0, stddev=1.25, count=200_000).x
    assert x.shape == (200_000, 1)
    assert x.mean() == pytest.approx(4.0, abs=0.015)
    assert x.std() == pytest.approx(1.25, abs=0.015)
    assert np.mean(np.abs(x - 4) < 1.25) == pytest.approx(0.6827, abs=0.01)


def test_seed():
    assert np.array_equal(gaussian(seed=1, count=9).x, gaussian(seed=1, count=9).x)
    assert not np.array_equal(gaussian(seed=1, count=9).x, gaussian(seed=2, count=9).x)
    assert not np.array_equal(gaussian(seed=None, count=9).x, gaussian(seed=None, count=9).x)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("mean", np.nan), ("mean", "a"), ("stddev", -0.1), ("stddev", None), ("count", 0)],
)
def test_argument_out_of_range(argument, value):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        gaussian(**{argument: value})
