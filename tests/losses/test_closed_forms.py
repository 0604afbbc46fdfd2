"""Each loss against closed forms in NumPy float64, and its derivatives against finite differences."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.backend import input_gradient

EXTREMES = [-50.0, -20.0, -3.0, -0.5, 0.0, 0.5, 3.0, 20.0, 50.0]


def log_sigmoid(scores):
    return -np.logaddexp(0.0, -scores)


def sigmoid(scores):
    return np.exp(log_sigmoid(scores))


def zero(*scores):
    return np.zeros_like(scores[0])


class Form:
    """Both sides and their derivatives, written from the papers and not from the package."""

    def __init__(self, discriminator, generator, d_real, d_fake, g_real, g_fake, probability):
        self.discriminator, self.generator = discriminator, generator
        self.d_real, self.d_fake, self.g_real, self.g_fake = d_real, d_fake, g_real, g_fake
        self.probability = probability


def cross_entropy(target):
    return lambda r, f: (
        -target * log_sigmoid(r) - (1.0 - target) * log_sigmoid(-r) - log_sigmoid(-f)
    )


def same(scores):
    return scores


LOSSES = {
    "minimax": (
        kerasgan.losses.Minimax(),
        Form(
            cross_entropy(1.0),
            lambda r, f: log_sigmoid(-f),
            lambda r, f: -sigmoid(-r),
            lambda r, f: sigmoid(f),
            zero,
            lambda r, f: -sigmoid(f),
            sigmoid,
        ),
    ),
    "non_saturating": (
        kerasgan.losses.NonSaturating(),
        Form(
            cross_entropy(1.0),
            lambda r, f: -log_sigmoid(f),
            lambda r, f: -sigmoid(-r),
            lambda r, f: sigmoid(f),
            zero,
            lambda r, f: -sigmoid(-f),
            sigmoid,
        ),
    ),
    "non_saturating_smoothed": (
        kerasgan.losses.NonSaturating(label_smoothing=0.1),
        Form(
            cross_entropy(0.9),
            lambda r, f: -log_sigmoid(f),
            lambda r, f: sigmoid(r) - 0.9,
            lambda r, f: sigmoid(f),
            zero,
            lambda r, f: -sigmoid(-f),
            sigmoid,
        ),
    ),
    "least_squares": (
        kerasgan.losses.LeastSquares(),
        Form(
            lambda r, f: ((r - 1.0) ** 2 + f**2) / 2.0,
            lambda r, f: (f - 1.0) ** 2 / 2.0,
            lambda r, f: r - 1.0,
            lambda r, f: f,
            zero,
            lambda r, f: f - 1.0,
            lambda s: np.minimum(np.maximum(s, 0.0), 1.0),
        ),
    ),
    "hinge": (
        kerasgan.losses.Hinge(),
        Form(
            lambda r, f: np.maximum(0.0, 1.0 - r) + np.maximum(0.0, 1.0 + f),
            lambda r, f: -f,
            lambda r, f: -(r < 1.0).astype("float64"),
            lambda r, f: (f > -1.0).astype("float64"),
            zero,
            lambda r, f: -np.ones_like(f),
            same,
        ),
    ),
    "wasserstein": (
        kerasgan.losses.Wasserstein(),
        Form(
            lambda r, f: f - r,
            lambda r, f: -f,
            lambda r, f: -np.ones_like(r),
            lambda r, f: np.ones_like(f),
            zero,
            lambda r, f: -np.ones_like(f),
            same,
        ),
    ),
    "relativistic": (
        kerasgan.losses.Relativistic(),
        Form(
            lambda r, f: -log_sigmoid(r - f),
            lambda r, f: -log_sigmoid(f - r),
            lambda r, f: -sigmoid(f - r),
            lambda r, f: sigmoid(f - r),
            lambda r, f: sigmoid(r - f),
            lambda r, f: -sigmoid(r - f),
            same,
        ),
    ),
}


@pytest.fixture(params=LOSSES.values(), ids=LOSSES)
def case(request):
    return request.param


def scores(dtype):
    """Every pair of extremes, then random pairs."""
    drawn = np.random.default_rng(0).normal(0.0, 5.0, (40, 2))
    pairs = np.concatenate([[(r, f) for r in EXTREMES for f in EXTREMES], drawn]).astype(dtype)
    return pairs[:, :1], pairs[:, 1:]


def derivative(function, at):
    at = keras.ops.convert_to_tensor(at)
    return keras.ops.convert_to_numpy(input_gradient(function, at))


def derivatives(loss, real, fake):
    """The derivatives of both sides for the real and for the fake scores."""
    r, f = keras.ops.convert_to_tensor(real), keras.ops.convert_to_tensor(fake)
    first = r if loss.pairs else None
    generator_real = np.zeros_like(real)
    if loss.pairs:
        generator_real = derivative(lambda x: loss.generator(x, f), real)
    return {
        "d_real": derivative(lambda x: loss.discriminator(x, f), real),
        "d_fake": derivative(lambda x: loss.discriminator(r, x), fake),
        "g_real": generator_real,
        "g_fake": derivative(lambda x: loss.generator(first, x), fake),
    }


@pytest.mark.parametrize(("dtype", "rtol"), [("float32", 2e-6), ("float64", 1e-12)])
def test_both_sides_equal_the_closed_form(case, dtype, rtol):
    loss, form = case
    real, fake = scores(dtype)
    r, f = keras.ops.convert_to_tensor(real), keras.ops.convert_to_tensor(fake)
    exact = real.astype("float64"), fake.astype("float64")
    # Beside log(2), numbers of 1e-22 are lost in any sum, hence the absolute tolerance.
    for computed, wanted in [
        (loss.discriminator(r, f), form.discriminator(*exact)),
        (loss.generator(r if loss.pairs else None, f), form.generator(*exact)),
    ]:
        assert tuple(computed.shape) == real.shape
        np.testing.assert_allclose(computed, wanted, rtol=rtol, atol=1e-30)


def test_gradients_equal_the_closed_form_and_are_finite_at_extremes(case):
    loss, form = case
    real, fake = scores("float32")
    exact = real.astype("float64"), fake.astype("float64")
    for name, gradient in derivatives(loss, real, fake).items():
        assert np.all(np.isfinite(gradient)), name
        wanted = getattr(form, name)(*exact)
        np.testing.assert_allclose(gradient, wanted, rtol=2e-6, atol=1e-7, err_msg=name)


def test_gradients_equal_central_differences(case):
    loss, _ = case
    step = 1e-5
    real, fake = scores("float64")
    # A difference across the hinge's kinks is no derivative.
    keep = (np.abs(real - 1.0) > 0.01) & (np.abs(fake + 1.0) > 0.01)
    real, fake = real[keep], fake[keep]

    def discriminator(r, f):
        return np.asarray(loss.discriminator(*map(keras.ops.convert_to_tensor, (r, f))))

    def generator(r, f):
        return np.asarray(loss.generator(*map(keras.ops.convert_to_tensor, (r, f))))

    computed = derivatives(loss, real, fake)
    for name, side, d_real, d_fake in [
        ("d_real", discriminator, step, 0.0),
        ("d_fake", discriminator, 0.0, step),
        ("g_real", generator, step, 0.0),
        ("g_fake", generator, 0.0, step),
    ]:
        difference = side(real + d_real, fake + d_fake) - side(real - d_real, fake - d_fake)
        # Rounding errs by 1e-13 / step, truncation by step squared.
        np.testing.assert_allclose(
            computed[name], difference / (2.0 * step), atol=1e-7, err_msg=name
        )


def test_probability(case):
    loss, form = case
    given = np.array([*EXTREMES, 0.25, 1.0], "float32")
    wanted = form.probability(given.astype("float64"))
    computed = loss.probability(keras.ops.convert_to_tensor(given))
    np.testing.assert_allclose(computed, wanted, rtol=2e-6)


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 4, 4, 1)])
def test_any_rank_keeps_its_shape_and_its_values(case, shape):
    loss, form = case
    random = np.random.default_rng(1)
    real, fake = random.normal(size=(2, *shape)).astype("float32")
    r, f = keras.ops.convert_to_tensor(real), keras.ops.convert_to_tensor(fake)
    for computed, wanted in [
        (loss.discriminator(r, f), form.discriminator(real, fake)),
        (loss.generator(r if loss.pairs else None, f), form.generator(real, fake)),
        (loss.probability(f), form.probability(fake)),
    ]:
        assert tuple(computed.shape) == shape
        np.testing.assert_allclose(computed, wanted, rtol=1e-5, atol=1e-6)


def test_what_each_loss_sees():
    names = ["minimax", "non_saturating", "least_squares", "hinge", "wasserstein", "relativistic"]
    losses = [kerasgan.losses.get(name) for name in names]
    assert [name for name, loss in zip(names, losses, strict=True) if loss.pairs] == [
        "relativistic"
    ]
    assert [name for name, loss in zip(names, losses, strict=True) if not loss.on_logits] == [
        "least_squares"
    ]
