"""`Reconstruction`: closed forms, features, games with and without conditions, files."""

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan import penalties
from kerasgan.backend import value_and_gradients
from kerasgan.penalties import Encounter, Reconstruction


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def meet(real, fake, condition=True):
    real, fake = map(keras.ops.convert_to_tensor, (real, fake))
    seed = keras.random.SeedGenerator(0)
    return Encounter(real, fake, None, None, None, seed, condition if condition else None)


def feature_model(seed=0, dtype="float32"):
    dense = keras.layers.Dense(3, activation="tanh", dtype=dtype)
    layers = [keras.Input((4,)), dense, keras.layers.BatchNormalization(dtype=dtype)]
    model = keras.Sequential([*layers, keras.layers.Dropout(0.5, dtype=dtype)])
    weights = [normal(*weight.shape, seed=seed + i) for i, weight in enumerate(model.get_weights())]
    model.set_weights([*weights[:-1], np.abs(weights[-1])])
    return model


def generator_and_discriminator(size=4):
    def network(first, units):
        inputs = [keras.Input((first,)), keras.Input((2,))]
        return keras.Model(inputs, keras.layers.Dense(units)(keras.layers.Concatenate()(inputs)))

    return network(3, size), network(size, 1)


DISTANCES = {"mae": np.abs, "mse": np.square, "log_cosh": lambda gap: np.log(np.cosh(gap))}


@pytest.mark.parametrize("name", DISTANCES)
@pytest.mark.parametrize("shape", [(5,), (4, 3, 2)])
def test_it_is_the_weighted_mean_distance_row_by_row(name, shape):
    real, fake = normal(6, *shape), normal(6, *shape, seed=1)
    axes = tuple(range(1, len(shape) + 1))
    wanted = 7.0 * DISTANCES[name](fake.astype("float64") - real).mean(axis=axes)
    values = Reconstruction(name, weight=7.0)(meet(real, fake))
    np.testing.assert_allclose(values, wanted, rtol=1e-5)
    assert np.ptp(wanted) > 0.1


def test_a_loss_object_and_a_function_leave_averaging_to_the_core():
    real, fake = normal(6, 4, 4), normal(6, 4, 4, seed=1)
    huber = keras.losses.Huber(delta=0.5)
    wanted = [float(huber(real[i : i + 1], fake[i : i + 1])) for i in range(6)]
    np.testing.assert_allclose(Reconstruction(huber, 1.0)(meet(real, fake)), wanted, rtol=1e-5)

    def largest(x, y):
        return keras.ops.max(keras.ops.abs(x - y), axis=(1, 2))

    values = Reconstruction(largest, 2.0)(meet(real, fake))
    np.testing.assert_allclose(values, 2 * np.abs(real - fake).max(axis=(1, 2)), rtol=1e-6)


def test_features_in_inference_mode_and_their_gradient():
    model = feature_model()
    real, fake = normal(5, 4), keras.Variable(normal(5, 4, seed=1))
    penalty = Reconstruction("mse", 3.0, features=model)
    statistics = [np.array(weight) for weight in model.get_weights()]

    kernel, bias, gamma, beta, mean, variance = (w.astype("float64") for w in statistics)

    def exact(samples):
        hidden = np.tanh(samples @ kernel + bias)
        features = (hidden - mean) / np.sqrt(variance + 1e-3) * gamma + beta
        return features, (1 - hidden**2) * gamma / np.sqrt(variance + 1e-3)

    (wanted, slope), (truth, _) = exact(np.asarray(fake, "float64")), exact(real)
    gap = wanted - truth
    value, _, (gradient,) = value_and_gradients(
        lambda: (keras.ops.mean(penalty(meet(real, fake))), None), [fake]
    )
    assert float(value) == pytest.approx(3.0 * np.mean(gap**2), rel=1e-4)
    by_hand = 3.0 * 2 * gap / gap.size * slope @ kernel.T
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-3, atol=1e-5)
    assert np.abs(by_hand).max() > 0.01
    for before, after in zip(statistics, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_features_of_low_precision_are_compared_in_float32(policy):
    # Both samples have features of 300, whose squares float16 does not hold.
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, dtype=policy)])
    model.set_weights([np.full((2, 1), 150.0), np.zeros(1)])
    values = Reconstruction("mse", 1.0, model)(meet(np.ones((3, 2)), -np.ones((3, 2))))
    assert keras.backend.standardize_dtype(values.dtype) == "float32"
    np.testing.assert_allclose(values, np.full(3, 600.0**2), rtol=1e-2)


def test_two_kinds_of_distance_are_logged_beside_each_other():
    gan = kerasgan.ConditionalGAN(*generator_and_discriminator())
    gan.compile(penalties=[Reconstruction(), Reconstruction("mse", 1.0, feature_model())])
    before = gan.adversary.penalties[1].features.get_weights()
    history = gan.fit(normal(8, 4), normal(8, 2), batch_size=4, verbose=0).history
    assert {"generator_reconstruction", "generator_feature_reconstruction"} < set(history)
    feature_weights = gan.adversary.penalties[1].features.get_weights()
    for one, other in zip(before, feature_weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_it_pairs_each_sample_with_the_truth_of_its_own_condition():
    # The truth is a function of the condition; only a generator that is told which is which learns it.
    condition = normal(256, 2)
    x = condition @ normal(2, 4, seed=3)
    gan = kerasgan.ConditionalGAN(*generator_and_discriminator(), seed=0)
    gan.compile(
        generator_optimizer=keras.optimizers.Adam(0.02), penalties=Reconstruction("mse", 100.0)
    )
    gan.fit(x, condition, batch_size=32, epochs=30, verbose=0)
    error = np.square(gan.generate(256, condition=condition, seed=0) - x).mean()
    # The best answer to other conditions than one's own would be the mean.
    assert error < 0.05 * x.var()


def test_a_model_that_was_compiled_with_features_comes_back_from_a_file(tmp_path):
    gan = kerasgan.ConditionalGAN(*generator_and_discriminator())
    gan.compile(penalties=[Reconstruction("huber", 2.0, feature_model(seed=5))])
    gan.fit(normal(8, 4), normal(8, 2), batch_size=4, verbose=0)
    gan.save(tmp_path / "gan.keras")
    (loaded,) = keras.models.load_model(tmp_path / "gan.keras").adversary.penalties
    (own,) = gan.adversary.penalties
    encounter = meet(normal(3, 4), normal(3, 4, seed=1))
    np.testing.assert_array_equal(loaded(encounter), own(encounter))
    assert loaded is not own
    assert (loaded.loss, loaded.weight) == ("huber", 2.0)


def test_a_game_without_conditions_is_refused_when_it_is_compiled():
    gan = kerasgan.GAN(
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]),
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]),
    )
    with pytest.raises(ValueError, match="have the same condition.*without conditions") as raised:
        gan.compile(penalties="reconstruction")
    # Nothing that Keras says of a layer stands around the sentence.
    assert str(raised.value).startswith("Invalid game for the penalty `reconstruction`")


@pytest.mark.parametrize(
    ("error", "arguments", "message"),
    [
        (ValueError, {"loss": "mea"}, "`loss`.*'mea'"),
        (TypeError, {"loss": None}, "`loss`.*None"),
        (ValueError, {"weight": -1.0}, "`weight`"),
        (TypeError, {"features": "block3"}, "`features`.*'block3'"),
        (ValueError, {"features": keras.Sequential([keras.layers.Dense(1)])}, "not built"),
    ],
)
def test_bad_arguments(error, arguments, message):
    with pytest.raises(
        error, match=f"Invalid value for argument {message}" if "`" in message else message
    ):
        Reconstruction(**arguments)


def test_get_by_name_makes_the_defaults():
    penalty = penalties.get("reconstruction")
    assert (penalty.loss, penalty.weight, penalty.features) == ("mae", 100.0, None)
