"""Metrics of all samples, against direct computations of their definitions."""

import math
import tracemalloc

import numpy as np
import pytest
from scipy import stats

from kerasgan import metrics
from kerasgan.metrics import (
    DensityCoverage,
    KernelDistance,
    MongeDistance,
    ParzenLogLikelihood,
    PrecisionRecall,
    SlicedWasserstein,
)


def test_the_kernel_distance_is_the_mean_over_pairs_of_different_samples(measured, generator):
    real, fake = generator.normal(size=(30, 3)), generator.normal(0.5, size=(20, 3))
    real, fake = real.astype("float32"), fake.astype("float32")

    def kernel(a, b):
        return (float(a.astype("float64") @ b.astype("float64")) / 3 + 1) ** 3

    def among(x):
        pairs = [(i, j) for i in range(len(x)) for j in range(len(x)) if i != j]
        return np.mean([kernel(x[i], x[j]) for i, j in pairs])

    across = np.mean([kernel(a, b) for a in real for b in fake])
    metric = KernelDistance()
    metric.update_state(real[:20], fake)
    metric.update_state(real[20:], fake[:0])
    assert float(metric.result()) == pytest.approx(among(real) + among(fake) - 2 * across)


def test_the_kernel_distance_is_unbiased(measured, generator):
    # Between draws of one distribution its mean is 0; so is every mean over its standard error, within 4.
    values = [measured(KernelDistance(), *generator.normal(size=(2, 20, 2)), 20) for _ in range(60)]
    assert abs(np.mean(values)) < 4 * np.std(values) / math.sqrt(60)
    assert min(values) < 0


def test_the_kernel_distance_of_a_shift_in_one_dimension(measured):
    # Points 0, 0 and a, a: 1 + (a^2 + 1)^3 - 2.
    value = measured(KernelDistance(), np.zeros((2, 1)), np.full((2, 1), 2.0))
    assert value == pytest.approx(5**3 - 1)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("counts", [(50, 50), (50, 20), (7, 30)])
def test_in_one_dimension_the_sliced_distance_is_the_distance(measured, generator, order, counts):
    real, fake = (generator.normal(size=(count, 1)).astype("float32") for count in counts)
    metric = SlicedWasserstein(order=order, number_of_projections=3)
    metric.update_state(real, fake)
    # The integral over the quantiles on so fine a grid that every step lies on it.
    count = math.lcm(*counts)
    exact = [np.sort(x[:, 0].astype("float64")).repeat(count // len(x)) for x in (real, fake)]
    expected = np.mean(np.abs(exact[0] - exact[1]) ** order) ** (1 / order)
    assert float(metric.result()) == pytest.approx(expected, rel=1e-9)
    if order == 1:
        again = stats.wasserstein_distance(real[:, 0], fake[:, 0])
        assert float(metric.result()) == pytest.approx(again, rel=1e-6)


def test_a_shift_is_as_long_as_it_projects(measured, generator):
    real, shift = generator.normal(size=(40, 5)), np.arange(5.0)
    metric = SlicedWasserstein(number_of_projections=2000, seed=3)
    expected = np.sqrt(np.mean((shift @ metric.directions_of(5)) ** 2))
    assert measured(metric, real, real + shift) == pytest.approx(expected, rel=1e-5)
    # A random direction takes a fifth of the squared length, with a relative error of some 1 / sqrt(2000).
    assert expected**2 == pytest.approx(shift @ shift / 5, rel=0.1)
    assert measured(SlicedWasserstein(), real, real) == 0.0


def test_directions_follow_from_the_seed(measured, generator):
    real, fake = generator.normal(size=(2, 40, 5))
    same = [measured(SlicedWasserstein(seed=1), real, fake) for _ in range(2)]
    assert same[0] == same[1] != measured(SlicedWasserstein(seed=2), real, fake)


def test_the_monge_distance_is_the_square_of_the_sliced_one(measured, generator):
    real, fake = generator.normal(size=(2, 40, 5))
    options = {"number_of_projections": 50, "seed": 4}
    sliced = measured(SlicedWasserstein(**options), real, fake)
    assert measured(MongeDistance(**options), real, fake) == pytest.approx(sliced**2)


def balls(x, k):
    distances = np.linalg.norm(x[:, None] - x[None], axis=2)
    return np.sort(distances, axis=1)[:, k]


@pytest.mark.parametrize("k", [1, 3])
def test_balls_against_the_definitions(measured, generator, k):
    # More rows than are computed at a time, and different numbers.
    real, fake = generator.normal(size=(600, 2)), generator.normal(0.7, size=(550, 2))
    real, fake = (x.astype("float32").astype("float64") for x in (real, fake))
    distances = np.linalg.norm(real[:, None] - fake[None], axis=2)
    in_real, in_fake = distances <= balls(real, k)[:, None], distances <= balls(fake, k)
    metric = PrecisionRecall(k=k)
    metric.update_state(real, fake)
    value = {name: float(number) for name, number in metric.result().items()}
    assert value == {"precision": in_real.any(0).mean(), "recall": in_fake.any(1).mean()}
    metric = DensityCoverage(k=k)
    metric.update_state(real, fake)
    value = {name: float(number) for name, number in metric.result().items()}
    assert value == {
        "density": pytest.approx(in_real.sum() / k / len(fake)),
        "coverage": in_real.any(1).mean(),
    }


def test_no_matrix_of_all_pairs_is_held(generator):
    x, count = generator.normal(size=(4000, 2)).astype("float32"), 4000
    tracemalloc.start()
    metric = DensityCoverage()
    for function in (metric.prepare, lambda real: metric.compute(real, real)):
        gathered = {"samples": x, "count": np.asarray(count)}
        function({**gathered, "radii": np.ones(count)})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A few arrays of 512 rows at a time; the whole matrix takes eight times as much as one.
    assert peak < count * count * 8


def test_sides_are_told_apart(measured, generator):
    """A generator of one mode of two is precise and covers half."""
    real = np.concatenate([generator.normal(size=(100, 2)), generator.normal(50, size=(100, 2))])
    fake = real[:100] + 0.01 * generator.normal(size=(100, 2))
    metric = PrecisionRecall()
    metric.update_state(real, fake)
    value = metric.result()
    assert float(value["precision"]) > 0.95
    assert float(value["recall"]) <= 0.5
    metric = DensityCoverage()
    metric.update_state(real, fake)
    assert float(metric.result()["coverage"]) == pytest.approx(0.5, abs=0.05)


def test_the_same_samples_cover_each_other_even_where_some_are_equal(measured, generator):
    x = generator.normal(size=(50, 3)).repeat(5, axis=0)
    assert measured(PrecisionRecall(), x, x) == {"precision": 1.0, "recall": 1.0}
    assert measured(DensityCoverage(), x, x)["coverage"] == 1.0


def test_coverage_of_one_distribution_has_its_published_expectation(measured, generator):
    """Naeem et al. 2020, equation 9: 1 - prod (N - i) / (N + M - i), and a density of 1."""
    n, k, values = 100, 5, []
    expected = 1 - np.prod([(n - i) / (2 * n - i) for i in range(1, k + 1)])
    for _ in range(40):
        value = measured(DensityCoverage(k=k), *generator.normal(size=(2, n, 4)), n)
        values.append([value["density"], value["coverage"]])
    error = np.std(values, axis=0) / math.sqrt(40)
    assert np.all(np.abs(np.mean(values, axis=0) - [1.0, expected]) < 4 * error)


@pytest.mark.parametrize("kind", [PrecisionRecall, DensityCoverage])
def test_k_is_less_than_the_number_of_samples(measured, generator, kind):
    x = generator.normal(size=(6, 2))
    measured(kind(k=5), x, x)
    with pytest.raises(
        ValueError, match="`real`. Expected more samples than k=6 .*Received: 6 samples"
    ):
        measured(kind(k=6), x, x)


def test_the_parzen_window_is_a_mixture_of_normal_distributions(measured, generator):
    x, samples = generator.normal(size=(5, 3)), generator.normal(size=(4, 3))
    densities = [stats.multivariate_normal(sample, 0.25).pdf(x) for sample in samples]
    np.testing.assert_allclose(
        metrics.parzen_log_likelihoods(x, samples, 0.5), np.log(np.mean(densities, axis=0))
    )


def test_a_window_far_away_does_not_overflow():
    value = metrics.parzen_log_likelihoods(np.full((1, 2), 1e3), np.zeros((1, 2)), 0.1)
    assert value[0] == pytest.approx(-1e6 / 0.01 - 2 * np.log(0.1 * np.sqrt(2 * np.pi)))


def test_the_width_is_chosen_by_the_first_real_samples_alone(measured, generator):
    # Around one point, the likelihood is largest where the width is the standard deviation.
    first, rest = generator.normal(0, 0.3, (200, 4)), generator.normal(0, 3.0, (600, 4))
    metric = ParzenLogLikelihood([0.1, 0.3, 1.0, 3.0], validation_share=0.25)
    metric.update_state(np.concatenate([first, rest]), np.zeros((1, 4)))
    values = metrics.parzen_log_likelihoods(rest.astype("float32"), np.zeros((1, 4)), 0.3)
    assert float(metric.result()) == pytest.approx(values.mean())
    provenance = metric.provenance()
    assert provenance["sigma"] == 0.3
    assert provenance["standard_error"] == pytest.approx(values.std() / np.sqrt(600))


def test_the_papers_widths():
    np.testing.assert_allclose(ParzenLogLikelihood().sigmas, np.logspace(-1, 0, 10))
