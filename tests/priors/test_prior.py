"""What every prior promises: shapes, seeds, a model's shape, configurations."""

from __future__ import annotations

import json
import math

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan import priors


@keras.saving.register_keras_serializable(package="tests_priors")
class Exponential(kerasgan.priors.Prior):
    def __init__(self, shape=None, scale=1.0):
        super().__init__(shape)
        self.scale = scale

    def draw(self, shape, seed):
        return -self.scale * keras.ops.log(1.0 - keras.random.uniform(shape, seed=seed))

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable(package="tests_priors")
def halves(shape, seed):
    return 0.5 * keras.random.uniform(shape, seed=seed)


CASES = {
    "normal": (priors.Normal(3), (3,)),
    "normal_image": (priors.Normal((2, 2, 1)), (2, 2, 1)),
    "uniform": (priors.Uniform([4]), (4,)),
    "mixture": (priors.NormalMixture([[0.0, 1.0], [2.0, 3.0]], stddev=[0.1, 0.2]), (2,)),
    "ring": (priors.NormalMixture.ring(8), (2,)),
    "swiss_roll": (priors.SwissRoll(), (2,)),
    "sum": (priors.Normal(stddev=0.1) + priors.NormalMixture.ring(4), (2,)),
    "function": (priors.FunctionPrior(halves, shape=3), (3,)),
    "subclass": (Exponential((2, 3), scale=2.0), (2, 3)),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request):
    return request.param


def test_samples_have_the_shape(case):
    prior, shape = case
    assert prior.shape == shape
    for count in (1, 5, np.int64(5), keras.ops.convert_to_tensor(5)):
        samples = prior.sample(count, seed=0)
        assert tuple(samples.shape) == (int(count), *shape)
        assert keras.backend.standardize_dtype(samples.dtype) == "float32"
        assert np.all(np.isfinite(samples))


def test_an_integer_seed_repeats_itself_and_a_generator_moves_on(case):
    prior, _ = case
    first = np.asarray(prior.sample(6, seed=7))
    np.testing.assert_array_equal(prior.sample(6, seed=7), first)
    assert not np.any(np.isclose(prior.sample(6, seed=8), first, atol=1e-6).all(axis=-1))

    generator = keras.random.SeedGenerator(7)
    drawn = np.asarray(prior.sample(6, seed=generator))
    assert not np.allclose(prior.sample(6, seed=generator), drawn)
    np.testing.assert_array_equal(prior.sample(6, seed=keras.random.SeedGenerator(7)), drawn)


def test_no_seed_is_keras_global_one(case):
    prior, _ = case
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(3)
    first = np.asarray(prior.sample(4))
    assert not np.allclose(prior.sample(4), first)
    keras.utils.clear_session(free_memory=False)  # older Keras keeps the generator it has
    keras.utils.set_random_seed(3)
    np.testing.assert_array_equal(prior.sample(4), first)


def test_rows_differ(case):
    prior, _ = case
    rows = np.asarray(prior.sample(50, seed=0)).reshape(50, -1)
    assert len(np.unique(rows, axis=0)) == 50


def test_round_trip(case):
    prior, shape = case
    again = priors.deserialize(json.loads(json.dumps(priors.serialize(prior))))
    assert type(again) is type(prior)
    assert again.shape == shape
    np.testing.assert_array_equal(again.sample(5, seed=1), prior.sample(5, seed=1))


@pytest.mark.parametrize(
    "prior",
    [priors.Normal(mean=3.0), priors.Uniform(high=0.0), Exponential(), priors.get(halves)],
    ids=lambda prior: type(prior).__name__,
)
def test_a_prior_without_a_shape_takes_the_models(prior):
    shaped = prior.shaped((2, 5))
    assert shaped.shape == (2, 5)
    assert tuple(shaped.sample(3, seed=0).shape) == (3, 2, 5)
    assert prior.shape is None
    np.testing.assert_array_equal(
        shaped.sample(3, seed=0), type(prior).from_config(shaped.get_config()).sample(3, seed=0)
    )
    with pytest.raises(ValueError, match=f"{type(prior).__name__}.*no shape"):
        prior.sample(3)


def test_shaped_keeps_an_equal_shape():
    prior = priors.Normal(4)
    assert prior.shaped([4]) is prior


@pytest.mark.parametrize(
    "prior", [priors.Normal(4), priors.NormalMixture([[0.0] * 4]), priors.Uniform((4,))]
)
def test_shaped_names_both_shapes(prior):
    with pytest.raises(ValueError, match=r"`prior`.*\(3, 2\).*\(4,\)"):
        prior.shaped((3, 2))


@pytest.mark.parametrize("shape", [0, -1, (2, 0), (2, None), (2, 1.5), "ab", 2.5, True])
@pytest.mark.parametrize("kind", [priors.Normal, priors.Uniform, Exponential])
def test_bad_shape(kind, shape):
    with pytest.raises((ValueError, TypeError), match="Invalid value for argument `shape`"):
        kind(shape=shape)


def test_integers_of_numpy_are_shapes():
    assert priors.Normal(np.int64(3)).shape == (3,)
    assert priors.Normal((np.int32(3), 2)).shape == (3, 2)


def test_get():
    prior = priors.Normal(2)
    assert priors.get(prior) is prior
    default = priors.get(None)
    assert (type(default), default.mean, default.stddev) == (priors.Normal, 0.0, 1.0)
    kinds = {"normal": priors.Normal, "uniform": priors.Uniform, "swiss_roll": priors.SwissRoll}
    for name, kind in kinds.items():
        assert type(priors.get(name)) is kind
        assert type(priors.get(kind.__name__)) is kind
    assert type(priors.get(priors.serialize(priors.Uniform()))) is priors.Uniform


def test_get_a_callable():
    prior = priors.get(keras.random.truncated_normal).shaped((3,))
    wanted = keras.random.truncated_normal((4, 3), seed=5)
    np.testing.assert_array_equal(prior.sample(4, seed=5), wanted)


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'normal', 'swiss_roll', 'uniform'.*'gauss'"):
        priors.get("gauss")


@pytest.mark.parametrize("identifier", [3, priors.Normal, ["normal"], {"no": "config"}], ids=repr)
def test_what_is_no_prior(identifier):
    with pytest.raises(TypeError, match="Invalid value for argument `prior`"):
        priors.get(identifier)


@pytest.mark.parametrize("name", ["__loader__", "SeedGenerator", "no_such_draw"])
def test_a_config_names_a_drawing_function_or_nothing(name):
    with pytest.raises(ValueError, match="`function`.*'normal'"):
        priors.FunctionPrior.from_config({"function": name, "shape": (2,)})


def test_function_prior_needs_a_function():
    with pytest.raises(TypeError, match=r"`function`.*Received: function=3"):
        priors.FunctionPrior(3)


@pytest.mark.parametrize("count", [0, -1, 2.0, True, np.float32(3.0)], ids=repr)
def test_bad_count(case, count):
    prior, _ = case
    with pytest.raises(ValueError, match="`count`. Expected a positive integer"):
        prior.sample(count, seed=0)


@pytest.mark.parametrize("stddev", [0.0, -1.0, math.nan, math.inf, "1"])
def test_bad_deviation(stddev):
    with pytest.raises(ValueError, match=r"`stddev`.*positive"):
        priors.Normal(stddev=stddev)


@pytest.mark.parametrize("value", [math.nan, -math.inf, "1", True, None])
@pytest.mark.parametrize(
    ("kind", "argument"), [(priors.Normal, "mean"), (priors.Uniform, "high")], ids=repr
)
def test_what_is_no_number(kind, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}`. Expected a finite number"):
        kind(**{argument: value})


@pytest.mark.parametrize(
    ("low", "high"), [(1.0, 1.0), (2.0, 1.0), (math.nan, 1.0), (-math.inf, 1.0), ("0", 1.0)]
)
def test_bad_interval(low, high):
    with pytest.raises(ValueError, match=r"`low`.*less than `high`"):
        priors.Uniform(low=low, high=high)
