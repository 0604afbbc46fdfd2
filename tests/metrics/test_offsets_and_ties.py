"""Samples far from 0 beside their spread, samples that are equal, and too few of them."""

from fractions import Fraction

import numpy as np
import pytest

from kerasgan import metrics
from kerasgan.metrics.neighbors import blocks, squared_distances, squared_radii

K = 5


def far():
    """Two sides at 1e4, .01 wide, in float32."""
    sides = np.random.default_rng(0).normal(size=(2, 1000, 8))
    sides[1] += 0.5
    return (1e4 + 0.01 * sides).astype("float32")


def sparse():
    """Features of a ReLU, most of them 0, so that many samples are equal."""
    sides = np.random.default_rng(0).normal(size=(2, 1000, 4)) - 1
    return np.maximum(sides, 0).astype("float32")


def integers():
    return np.random.default_rng(0).integers(0, 3, (2, 600, 6)).astype("float32")


# The values of prdc 0.2, the own code of Naeem et al., of the same sides in float64 (the first less 1e4).
PRDC = {
    far: {"density": 0.8218, "coverage": 0.766},
    sparse: {"density": 0.5408, "coverage": 0.486},
    integers: {"density": 0.35733333333333334, "coverage": 0.6116666666666667},
}


@pytest.mark.parametrize("sides", PRDC)
def test_density_and_coverage_are_those_of_the_papers_code(measured, sides):
    real, fake = sides()
    value = measured(metrics.DensityCoverage(k=K), real, fake, 100)
    assert value == pytest.approx(PRDC[sides], rel=1e-12)


@pytest.mark.parametrize("sides", PRDC)
def test_prdc_itself(sides):
    prdc = pytest.importorskip("prdc")
    real, fake = sides().astype("float64") - (1e4 if sides is far else 0.0)
    theirs = prdc.compute_prdc(real, fake, nearest_k=K)
    assert {name: theirs[name] for name in PRDC[sides]} == pytest.approx(PRDC[sides], rel=1e-12)


def brute_force(real, fake):
    return np.array([np.square(fake - row).sum(axis=1) for row in real])


@pytest.mark.parametrize("sides", PRDC)
def test_precision_and_recall_have_closed_balls_as_in_the_paper(measured, sides):
    """Kynkäänniemi et al. 2019, equation 1: a distance of at most that to the k-th neighbor."""
    real, fake = sides().astype("float64")
    across = brute_force(real, fake)
    radii = [np.sort(brute_force(side, side), axis=1)[:, K] for side in (real, fake)]
    expected = {
        "precision": (across <= radii[0][:, None]).any(axis=0).mean(),
        "recall": (across <= radii[1]).any(axis=1).mean(),
    }
    assert measured(metrics.PrecisionRecall(k=K), real, fake, 100) == expected


def test_copies_of_the_real_samples_have_a_density_of_1(measured, generator):
    """Each ball holds its own center and k - 1 neighbors; the k-th lies on its surface."""
    x = generator.normal(size=(400, 16))
    assert measured(metrics.DensityCoverage(k=K), x, x) == {"density": 1.0, "coverage": 1.0}


@pytest.mark.parametrize(
    "points",
    [
        lambda r: r.normal(size=(300, 3)),
        lambda r: 1e6 + 1e-3 * r.normal(size=(300, 3)),
        # Two clusters far apart: no center is near both.
        lambda r: r.choice([-1e6, 1e6], (300, 1)) + 1e-3 * r.normal(size=(300, 3)),
        lambda r: r.integers(0, 2, (300, 10)).astype("float64"),
        lambda r: np.zeros((300, 2)),
        lambda r: np.array([[0.0], [-0.0]]).repeat(150, axis=0),
    ],
    ids=["plain", "far", "two clusters", "binary", "equal", "signed zeros"],
)
def test_distances_are_right_to_the_last_digits(points):
    x = points(np.random.default_rng(0))
    expected = brute_force(x, x)
    found = np.concatenate(list(squared_distances(x, x)))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    radii = squared_radii(x, K)
    np.testing.assert_array_equal(radii, np.sort(expected, axis=1)[:, K])
    for closed, inside in ((False, expected < radii), (True, expected <= radii)):
        told = np.concatenate([block.within(radii, closed) for block in blocks(x, x)])
        np.testing.assert_array_equal(told, inside)


def exact_kernel_distance(real, fake):
    """In fractions, which do not round."""
    sides = [[[Fraction(float(value)) for value in row] for row in side] for side in (real, fake)]

    def kernel(a, b):
        return (sum(x * y for x, y in zip(a, b, strict=True)) / len(a) + 1) ** 3

    def among(x):
        pairs = [kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j]
        return sum(pairs) / len(pairs)

    across = [kernel(a, b) for a in sides[0] for b in sides[1]]
    return float(among(sides[0]) + among(sides[1]) - 2 * sum(across) / len(across))


@pytest.mark.parametrize("offset", [0.0, 10.0, 1e4, -1e6])
def test_the_kernel_distance_keeps_its_digits_far_from_0(measured, generator, offset):
    real = offset + generator.normal(0, 0.01, (12, 3))
    fake = offset + generator.normal(0.02, 0.01, (9, 3))
    value = measured(metrics.KernelDistance(), real, fake)
    assert value == pytest.approx(exact_kernel_distance(real, fake), rel=1e-6)


SHIFTED = [
    metrics.FrechetDistance,
    metrics.SlicedWasserstein,
    metrics.MongeDistance,
    metrics.PrecisionRecall,
    metrics.DensityCoverage,
    lambda: metrics.ParzenLogLikelihood([0.003, 0.01]),
]


@pytest.mark.parametrize("make", SHIFTED)
def test_a_shift_of_both_sides_changes_nothing(measured, generator, make):
    # Multiples of 2^-20, which float64 holds at 2^20 as it does at 0.
    sides = np.round(generator.normal(0, 0.01, (2, 200, 3)) * 2**20) / 2**20
    near, distant = (measured(make(), *(sides + offset)) for offset in (0.0, 2.0**20))
    assert distant == pytest.approx(near, rel=1e-6)


def test_a_mode_far_from_0_is_found(measured, generator):
    fake = 1e6 + generator.normal(0, 0.01, (20_000, 2))
    value = measured(metrics.ModeCoverage([[1e6, 1e6]], 0.01), None, fake, 5000)
    # P(chi_2 <= 3)
    assert value["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.003)


FEWEST = [
    (metrics.FrechetDistance, 4, "more samples than the 3 features of each"),
    (metrics.KernelDistance, 2, "at least 2 samples"),
    (lambda: metrics.PrecisionRecall(k=6), 7, "more samples than k=6"),
    (lambda: metrics.DensityCoverage(k=6), 7, "more samples than k=6"),
    (metrics.ParzenLogLikelihood, 10, "at least 10 samples with validation_share=0.1"),
    (metrics.SlicedWasserstein, 1, "a sample"),
    (lambda: metrics.ModeCoverage(np.zeros((2, 3)), 0.1), 1, "a sample"),
]


@pytest.mark.parametrize(("make", "count", "expected"), FEWEST)
def test_too_few_samples_are_told_beforehand_and_afterwards(generator, make, count, expected):
    metric, few = make(), generator.normal(size=(count - 1, 3))
    metric.build((3,))
    metric.check_count(count)
    with pytest.raises(ValueError, match=f"`x`. Expected {expected} for .* at most {count - 1} "):
        metric.check_count(count - 1)
    enough = generator.normal(size=(count, 3))
    metric.update_state(enough, enough)
    metric.result()
    metric.reset_state()
    if count > 1:
        metric.update_state(few, few)
        with pytest.raises(ValueError, match=f"Expected {expected} for .*: {count - 1} samples"):
            metric.result()


def test_of_real_samples_known_beforehand_only_the_generated_ones_count(generator, tmp_path):
    metric = metrics.DensityCoverage(k=6)
    metric.precompute(generator.normal(size=(20, 3)), tmp_path / "real.npz")
    metric.check_count(1)
    metric.update_state(None, generator.normal(size=(1, 3)))
    metric.result()


@pytest.mark.parametrize("kind", [metrics.PrecisionRecall, metrics.DensityCoverage])
def test_room_for_fewer_samples_than_neighbors(kind):
    with pytest.raises(
        ValueError, match="`capacity`. Expected more than k=5. Received: capacity=5"
    ):
        kind(k=5, capacity=5)


def test_widths_to_choose_from_and_no_samples_to_choose_with():
    with pytest.raises(ValueError, match="`validation_share`. Expected more than 0"):
        metrics.ParzenLogLikelihood(validation_share=0.0)


def test_features_are_kept_in_their_own_type(generator):
    x = 1e4 + generator.normal(0, 1e-3, (20, 2))
    for dtype in ("float32", "float64"):
        metric = metrics.SlicedWasserstein()
        metric.update_state(x.astype(dtype), x.astype(dtype))
        kept = metric._gathered["fake"].read()["samples"]
        assert kept.dtype == dtype
        np.testing.assert_array_equal(kept, x.astype(dtype))


def test_numbers_that_float32_cannot_tell_apart(tmp_path):
    times = np.arange(1_700_000_000, 1_700_000_040).reshape(20, 2)
    message = "`x`. Expected numbers that float32 can tell apart"
    with pytest.raises(ValueError, match=message):
        metrics.FrechetDistance().precompute(times, tmp_path / "real.npz")
    with pytest.raises(ValueError, match=message):
        metrics.classifier_features(times, np.arange(20) % 2)
    assert list(tmp_path.iterdir()) == []


def test_statistics_of_before_are_refused():
    """They held radii that a large offset had made 0."""
    for kind in (metrics.KernelDistance, metrics.PrecisionRecall, metrics.DensityCoverage):
        assert kind()._identity()["statistics_version"] == 2
    assert "statistics_version" not in metrics.FrechetDistance()._identity()
