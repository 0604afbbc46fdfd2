"""Each penalty against its closed form: values, and derivatives for the discriminator's weights."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.backend import value_and_gradients
from kerasgan.penalties import DRAGAN, R1, R2, Encounter, WassersteinGradientPenalty

ONE_CENTERED = [WassersteinGradientPenalty(4.0), DRAGAN(4.0)]
ZERO_CENTERED = [R1(4.0), R2(4.0)]
PENALTIES = ZERO_CENTERED + ONE_CENTERED


def name_of(penalty):
    return type(penalty).__name__


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def meet(score, real, fake):
    """An encounter, and the list of what the discriminator is shown in it."""
    shown = []

    def watched(samples):
        shown.append(np.asarray(samples, "float64"))
        return score(samples)

    real, fake = map(keras.ops.convert_to_tensor, (real, fake))
    generator = keras.random.SeedGenerator(0)
    return Encounter(real, fake, watched, None, None, generator), shown


def closed_form(penalty, gradients):
    """The penalty per example, from the gradient of the score at each example."""
    squared = np.sum(np.square(gradients.reshape(len(gradients), -1)), axis=1)
    if type(penalty) in (R1, R2):
        return penalty.weight / 2.0 * squared
    return penalty.weight * (np.sqrt(squared) - 1.0) ** 2


@pytest.mark.parametrize("penalty", PENALTIES, ids=name_of)
@pytest.mark.parametrize("shape", [(5,), (4, 2), (2, 3, 2)])
def test_linear_score(penalty, shape):
    w = normal(*shape, seed=1)
    encounter, _ = meet(
        lambda x: keras.ops.sum(x * w, axis=tuple(range(1, len(shape) + 1))),
        normal(6, *shape, seed=2),
        normal(6, *shape, seed=3),
    )
    norm = np.sqrt(np.sum(np.square(w, dtype="float64")))
    wanted = 2.0 * norm**2 if penalty in ZERO_CENTERED else 4.0 * (norm - 1.0) ** 2
    np.testing.assert_allclose(penalty(encounter), np.full(6, wanted), rtol=1e-5)


@pytest.mark.parametrize("penalty", ONE_CENTERED, ids=name_of)
def test_a_norm_of_one_costs_nothing(penalty):
    w = np.array([0.6, -0.8], "float32")
    encounter, _ = meet(lambda x: keras.ops.matmul(x, w), normal(4, 2), normal(4, 2, seed=1))
    np.testing.assert_allclose(penalty(encounter), np.zeros(4), atol=1e-12)


@pytest.mark.parametrize("penalty", PENALTIES, ids=name_of)
def test_quadratic_score_differs_per_example(penalty):
    root = normal(3, 3)
    matrix = root + root.T
    encounter, shown = meet(
        lambda x: 0.5 * keras.ops.sum(x * keras.ops.matmul(x, matrix), axis=1, keepdims=True),
        normal(7, 3, seed=1),
        3.0 + normal(7, 3, seed=2),
    )
    values = penalty(encounter)
    (points,) = shown
    if type(penalty) in (R1, R2):
        batch = encounter.real if type(penalty) is R1 else encounter.fake
        np.testing.assert_array_equal(points, batch)
    wanted = closed_form(penalty, points @ matrix.astype("float64"))
    np.testing.assert_allclose(values, wanted, rtol=1e-4)
    assert np.ptp(wanted) > 0.1


@pytest.mark.parametrize("penalty", PENALTIES, ids=name_of)
def test_gradient_for_the_weights_equals_finite_differences(penalty):
    discriminator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, activation="tanh", use_bias=False),
            keras.layers.Dense(1, use_bias=False),
        ]
    )
    encounter, shown = meet(discriminator, normal(5, 3, seed=1), normal(5, 3, seed=2))

    def mean():
        return keras.ops.mean(penalty(encounter)), None

    value, _, gradients = value_and_gradients(mean, discriminator.trainable_variables)
    (points,) = shown
    kernels = [np.asarray(v, "float64") for v in discriminator.trainable_variables]

    def exact():
        first, last = kernels
        hidden = np.tanh(points @ first)
        # The score's gradient, by the chain rule and in float64.
        at_points = ((1.0 - hidden**2) * last[:, 0]) @ first.T
        return np.mean(closed_form(penalty, at_points))

    assert float(value) == pytest.approx(exact(), rel=1e-4)
    step = 1e-6
    for kernel, gradient in zip(kernels, gradients, strict=True):
        differences = np.zeros_like(kernel)
        for index in np.ndindex(kernel.shape):
            kept = kernel[index]
            kernel[index] = kept + step
            above = exact()
            kernel[index] = kept - step
            differences[index] = (above - exact()) / (2.0 * step)
            kernel[index] = kept
        np.testing.assert_allclose(gradient, differences, rtol=1e-3, atol=1e-5)
        assert np.max(np.abs(differences)) > 0.01


@pytest.mark.parametrize("penalty", PENALTIES, ids=name_of)
def test_flat_score_has_a_finite_value_and_gradient(penalty):
    discriminator = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)]
    )
    discriminator.set_weights([np.zeros_like(w) for w in discriminator.get_weights()])
    encounter, _ = meet(discriminator, normal(5, 3), normal(5, 3, seed=1))
    kernels = [layer.kernel for layer in discriminator.layers]
    value, _, gradients = value_and_gradients(
        lambda: (keras.ops.mean(penalty(encounter)), None), kernels
    )
    wanted = 0.0 if penalty in ZERO_CENTERED else 4.0
    assert float(value) == pytest.approx(wanted, abs=1e-4)
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, np.zeros(gradient.shape))


@pytest.mark.parametrize("penalty", PENALTIES, ids=name_of)
def test_score_that_ignores_the_samples(penalty):
    encounter, _ = meet(lambda x: keras.ops.zeros((3, 1)), normal(3, 2), normal(3, 2))
    wanted = 0.0 if penalty in ZERO_CENTERED else 4.0
    np.testing.assert_allclose(penalty(encounter), np.full(3, wanted), atol=1e-4)


@pytest.mark.parametrize("penalty", PENALTIES, ids=name_of)
def test_patch_scores_are_differentiated_through_their_sum(penalty):
    w = normal(5, 6)

    def patches(x):
        return keras.ops.reshape(keras.ops.matmul(x, w), (-1, 3, 2, 1))

    encounter, _ = meet(patches, normal(4, 5, seed=1), normal(4, 5, seed=2))
    summed = np.repeat(w.astype("float64").sum(axis=1)[None], 4, axis=0)
    np.testing.assert_allclose(penalty(encounter), closed_form(penalty, summed), rtol=1e-5)


@pytest.mark.parametrize("penalty", PENALTIES, ids=name_of)
def test_float32_under_mixed_precision(penalty):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        discriminator = keras.Sequential(
            [keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)]
        )
        encounter, _ = meet(discriminator, normal(5, 3), normal(5, 3, seed=1))
        score = encounter.score(encounter.real)
        values = penalty(encounter)
    finally:
        keras.config.set_dtype_policy(policy)
    assert keras.backend.standardize_dtype(score.dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(values.dtype) == "float32"
    assert tuple(values.shape) == (5,)
    assert np.all(np.isfinite(values))


@pytest.mark.parametrize("name", ["R1", "R2", "WassersteinGradientPenalty", "DRAGAN"])
def test_weight_is_a_factor_and_zero_is_allowed(name):
    kind = getattr(kerasgan.penalties, name)
    encounter, _ = meet(
        lambda x: keras.ops.sum(3.0 * x, axis=1), normal(4, 2), normal(4, 2, seed=1)
    )
    unit = np.asarray(kind(weight=1.0)(encounter))
    assert np.all(unit > 0.1)
    np.testing.assert_allclose(kind()(encounter), 10.0 * unit, rtol=1e-6)
    np.testing.assert_array_equal(kind(weight=0.0)(encounter), np.zeros(4))
