import numpy as np
import pytest

from kerasgan.datasets import grid, grid_centers, ring, ring_centers


def test_ring_centers_lie_on_the_circle_at_equal_distances():
    centers = ring_centers(5, radius=2.0)
    np.testing.assert_allclose(np.linalg.norm(centers, axis=1), 2.0, rtol=1e-6)
    steps = np.linalg.norm(centers - np.roll(centers, 1, axis=0), axis=1)
    np.testing.assert_allclose(steps, 2 * 2.0 * np.sin(np.pi / 5), rtol=1e-6)


def test_grid_centers():
    centers = grid_centers(5, spacing=2.0)
    assert len(np.unique(centers, axis=0)) == 25
    assert sorted(set(centers[:, 0].tolist())) == [-4, -2, 0, 2, 4]
    np.testing.assert_allclose(centers.mean(axis=0), 0)
    assert grid_centers(1).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("dataset", "centers", "stddev"),
    [
        (ring(6, 2.0, 0.1, count=60_000), ring_centers(6, 2.0), 0.1),
        (grid(3, 1.0, 0.05, count=60_000), grid_centers(3, 1.0), 0.05),
    ],
)
def test_moments_of_each_mode(dataset, centers, stddev):
    assert dataset.x.shape == (60_000, 2)
    assert dataset.number_of_classes == len(centers)
    shares = np.bincount(dataset.y) / 60_000
    assert np.abs(shares - 1 / len(centers)).max() < 0.01
    for mode, center in enumerate(centers):
        points = dataset.x[dataset.y == mode]
        np.testing.assert_allclose(points.mean(axis=0), center, atol=0.1 * stddev)
        np.testing.assert_allclose(np.cov(points.T), stddev**2 * np.eye(2), atol=0.1 * stddev**2)


def test_seed_and_modes_that_got_no_point():
    assert np.array_equal(ring(seed=1, count=9).x, ring(seed=1, count=9).x)
    assert not np.array_equal(ring(seed=1, count=9).x, ring(seed=2, count=9).x)
    assert grid(count=1).number_of_classes == 25


@pytest.mark.parametrize(
    ("function", "argument", "value"),
    [
        (ring, "modes", 0),
        (ring, "radius", -1.0),
        (ring, "stddev", -0.1),
        (ring, "count", 1.5),
        (grid, "modes_per_side", 2.5),
        (grid, "spacing", np.inf),
        (grid, "stddev", "a"),
        (grid, "count", 0),
    ],
)
def test_argument_out_of_range(function, argument, value):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        function(**{argument: value})
