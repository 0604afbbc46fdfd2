"""The distance of normal distributions, whose moments are made exact."""

import numpy as np
import pytest

from kerasgan.metrics import FrechetDistance


def draws(generator, count, mean, covariance):
    """Samples whose own mean and covariance (n - 1) are exactly these, up to rounding."""
    x = generator.normal(size=(count, len(mean)))
    x -= x.mean(axis=0)
    white = x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def test_normal_distributions_have_their_closed_form(measured, generator):
    # Commuting covariances: sum of (m - n)^2 + (s - t)^2 along the common axes.
    real = draws(generator, 200, np.array([0.0, 1.0, 2.0]), np.diag([1.0, 4.0, 9.0]))
    fake = draws(generator, 300, np.array([1.0, 1.0, 0.0]), np.diag([4.0, 4.0, 1.0]))
    metric = FrechetDistance()
    for start in range(0, 300, 60):
        metric.update_state(real[start * 2 // 3 :][:40], fake[start:][:60])
    assert float(metric.result()) == pytest.approx((1 + 0 + 4) + (1 + 0 + 4), rel=1e-6)


def test_covariances_that_do_not_commute(measured, generator):
    first = np.array([[2.0, 1.0], [1.0, 2.0]])
    second = np.array([[1.0, 0.0], [0.0, 5.0]])
    # tr (A B)^(1/2) of 2 x 2 matrices is sqrt(tr AB + 2 sqrt(det AB)).
    product = first @ second
    overlap = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    real = draws(generator, 100, np.zeros(2), first)
    fake = draws(generator, 100, np.zeros(2), second)
    value = measured(FrechetDistance(), real, fake)
    assert value == pytest.approx(np.trace(first) + np.trace(second) - 2 * overlap, rel=1e-6)


def test_identity_symmetry_and_growth(measured, generator):
    real, fake = generator.normal(size=(2, 400, 8)).astype("float32")
    assert measured(FrechetDistance(), real, real) == pytest.approx(0.0, abs=1e-12)
    forth, back = measured(FrechetDistance(), real, fake), measured(FrechetDistance(), fake, real)
    assert forth == pytest.approx(back, rel=1e-12)
    shifted = [measured(FrechetDistance(), real, real + shift) for shift in (0.1, 0.2, 0.4)]
    np.testing.assert_allclose(shifted, [8 * shift**2 for shift in (0.1, 0.2, 0.4)], rtol=1e-5)


def test_batches_do_not_matter_and_a_large_mean_does_not_swallow_the_variance(measured, generator):
    # In float64 sums of squares of 1e6 would leave the variance of 1 a relative error of some 1e-4.
    real, fake = generator.normal(size=(2, 500, 4))
    values = [
        measured(FrechetDistance(lambda x: x + 1e6), real, fake, batch_size)
        for batch_size in (1, 7, 500)
    ]
    expected = measured(FrechetDistance(), real, fake, 500)
    np.testing.assert_allclose(values, expected, rtol=1e-7)


def test_features_of_no_variance_are_no_trouble(measured, generator):
    real = np.concatenate([generator.normal(size=(50, 2)), np.ones((50, 2))], axis=1)
    assert measured(FrechetDistance(), real, real) == pytest.approx(0.0, abs=1e-12)
    assert measured(FrechetDistance(), real, real + np.array([0, 0, 0, 2.0])) == pytest.approx(4.0)


def test_as_many_samples_as_features_are_too_few(measured, generator):
    x = generator.normal(size=(5, 4))
    assert measured(FrechetDistance(), x, x) == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match="`real`. Expected more samples than the 4 features"):
        measured(FrechetDistance(), x[:4], x[:4])
