"""Ways between latent points: closed forms, and what the tool makes of them."""

import math

import keras
import numpy as np
import pytest
from latent_games import conditional_gan, gan, image_gan, labeled_auto_encoder
from PIL import Image

import kerasgan
from kerasgan.latent import interpolate, linear_interpolation, spherical_interpolation

T = np.linspace(0.0, 1.0, 7)


def on_sphere(rows, *shape, seed=0):
    points = np.random.default_rng(seed).normal(size=(rows, *shape))
    axes = tuple(range(1, points.ndim))
    return 3.0 * points / np.sqrt(np.square(points).sum(axis=axes, keepdims=True))


def angles(points, others):
    cosines = (points * others).sum(axis=-1)
    return np.arccos(cosines / np.linalg.norm(points, axis=-1) / np.linalg.norm(others, axis=-1))


def test_spherical_stays_on_the_sphere_at_equal_angles():
    a, b = on_sphere(5, 8), on_sphere(5, 8, seed=1)
    points = spherical_interpolation(a, b, T)
    np.testing.assert_allclose(np.linalg.norm(points, axis=-1), 3.0, rtol=1e-13)
    between = angles(points[:, :-1], points[:, 1:])
    expected = np.repeat(angles(a, b)[:, None] / 6, 6, axis=1)
    np.testing.assert_allclose(between, expected, rtol=1e-9)


def test_a_straight_way_leaves_the_sphere():
    points = linear_interpolation([[3.0, 0.0]], [[0.0, 3.0]], [0.0, 0.5, 1.0])
    norms = np.linalg.norm(points, axis=-1)
    np.testing.assert_allclose(norms, [[3.0, 3.0 / math.sqrt(2.0), 3.0]])


@pytest.mark.parametrize("method", [linear_interpolation, spherical_interpolation])
def test_ends_are_exact(method):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 4, 2, 3)).astype("float32")
    points = method(a, b, T)
    assert points.shape == (4, 7, 2, 3)
    np.testing.assert_array_equal(points[:, 0], a)
    np.testing.assert_array_equal(points[:, -1], b)


def test_norms_that_differ_follow_the_papers_formula():
    a, b = np.array([[2.0, 0.0]]), np.array([[0.0, 5.0]])
    points = spherical_interpolation(a, b, T)[0]
    turned = T * math.pi / 2
    expected = np.stack([2.0 * np.cos(turned), 5.0 * np.sin(turned)], axis=-1)
    np.testing.assert_allclose(points, expected, atol=1e-14)


def test_small_angles_tend_to_a_straight_way():
    a = np.array([[1.0, 0.0, 0.0]])
    for apart in (0.0, 1e-300, 1e-12, 1e-5):
        b = np.array([[1.0, apart, 0.0]])
        difference = spherical_interpolation(a, b, T) - linear_interpolation(a, b, T)
        # The arc leaves its chord by less than the square of the angle.
        assert np.abs(difference).max() <= apart**2 + 1e-15


def test_around_a_center():
    a, b = on_sphere(3, 4), on_sphere(3, 4, seed=1)
    moved = spherical_interpolation(a + 10.0, b + 10.0, T, center=10.0)
    np.testing.assert_allclose(moved, spherical_interpolation(a, b, T) + 10.0, rtol=1e-13)


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ([[1.0, 2.0]], [[-1.0, -2.0]], "opposite"),
        ([[1.0, 2.0]], [[-2.0, -4.0]], "opposite"),
        ([[0.0, 0.0]], [[1.0, 0.0]], "the center"),
    ],
)
def test_where_there_is_no_great_circle(start, end, message):
    with pytest.raises(ValueError, match=message):
        spherical_interpolation(start, end, T)


@pytest.mark.parametrize(
    ("start", "end", "fractions"),
    [([[1.0]], [[1.0], [2.0]], T), ([1.0], [1.0], T), ([[1.0]], [[1.0]], 0.5)],
)
def test_shapes_that_do_not_fit(start, end, fractions):
    with pytest.raises(ValueError, match="arrays of one shape"):
        linear_interpolation(start, end, fractions)


def test_the_ends_are_generated_samples(game):
    model, condition = game
    arguments = {} if condition is None else {"condition": condition}
    samples = interpolate(model, rows=3, steps=4, seed=5, **arguments)
    generated = model.generate(6, seed=5, **arguments)
    assert samples.shape == (3, 4, *generated.shape[1:])
    np.testing.assert_allclose(samples[:, 0], generated[:3], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(samples[:, -1], generated[3:], rtol=1e-5, atol=1e-6)


def test_a_condition_for_each_row():
    model, condition = conditional_gan(), np.eye(2)[[0, 1, 1]]
    samples = interpolate(model, rows=3, steps=2, condition=condition, seed=1)
    generated = model.generate(6, condition=np.concatenate([condition, condition]), seed=1)
    np.testing.assert_allclose(samples[:, 0], generated[:3], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(samples[:, 1], generated[3:], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("prior", "method"),
    [(None, "spherical"), (kerasgan.priors.Normal(mean=4.0), "spherical"), ("uniform", "linear")],
)
def test_the_prior_decides_how(prior, method):
    # A generator that shows its latent point.
    identity = keras.Sequential([keras.Input((3,)), keras.layers.Identity()])
    model = kerasgan.GAN(identity, keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]),
                         prior=prior)  # fmt: skip
    points = interpolate(model, rows=2, steps=7)
    a, b = points[:, 0], points[:, -1]
    mean = 4.0 if isinstance(prior, kerasgan.priors.Normal) else 0.0
    ways = {
        "spherical": spherical_interpolation(a, b, T, mean),
        "linear": linear_interpolation(a, b, T),
    }
    np.testing.assert_allclose(points, ways[method], atol=1e-5)
    other = interpolate(model, rows=2, steps=7, method="linear")
    np.testing.assert_allclose(other, ways["linear"], atol=1e-5)
    assert np.abs(ways["linear"] - ways["spherical"]).max() > 1e-2


def test_between_points_of_ones_own():
    model, condition = labeled_auto_encoder(), 1
    start, end = np.random.default_rng(0).normal(size=(2, 2, 2)).astype("float32")
    samples = interpolate(
        model, steps=3, start=start, end=end, condition=condition, method="linear"
    )
    half = np.repeat((start + end) / 2, 3, axis=0)
    again = interpolate(model, steps=3, start=half, end=half, condition=condition, method="linear")
    np.testing.assert_allclose(samples[:, 1], again[::3, 0], rtol=1e-5, atol=1e-6)


def test_the_average_is_meant():
    model = gan()
    model.compile(generator_ema=0.5)
    # As training would: the average is a copy from before.
    model.generator.set_weights([5.0 + weight for weight in model.generator.get_weights()])
    samples = interpolate(model, rows=2, steps=2, seed=3)
    np.testing.assert_allclose(samples[:, 0], model.generate(4, seed=3)[:2], rtol=1e-5, atol=1e-6)
    assert np.abs(samples).max() < 5.0


def test_same_seed_same_picture(tmp_path):
    model = image_gan()
    names = ["a.png", "b.png", "c.png"]
    for name, seed in zip(names, (1, 1, 2), strict=True):
        interpolate(model, rows=2, steps=5, seed=seed, path=tmp_path / name, scale=2, padding=1)
    first, again, other = ((tmp_path / name).read_bytes() for name in names)
    assert first == again != other
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (5 * 13 + 1, 2 * 9 + 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 1}, "`steps`"),
        ({"rows": 0}, "`rows`"),
        ({"method": "cubic"}, "`method`"),
        ({"start": np.zeros((2, 3))}, "Expected both or neither"),
        ({"start": np.ones((2, 3)), "end": np.ones((3, 3))}, "as many points"),
        ({"start": np.ones((2, 3)), "end": np.ones((2, 3)), "rows": 3}, "as many as"),
        ({"start": np.ones((2, 4)), "end": np.ones((2, 4))}, "`start`"),
        ({"condition": 1}, "`condition`"),
        ({"scale": 2}, "`path`"),
        ({"path": "a.txt"}, "suffix"),
        ({"path": "a.png", "kind": "pie"}, "`kind`"),
    ],
)
def test_bad_arguments(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        interpolate(gan(), **arguments)
    assert not list(tmp_path.iterdir())


def test_a_model_without_a_latent_space():
    with pytest.raises(TypeError, match="a game with a prior"):
        interpolate(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
