"""What users get wrong: an error in our words that says what to do, and never one of Keras's inside."""

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan.core import OptimizerSetting, Turn

mlp = kerasgan.networks.mlp
X = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")


def game():
    return kerasgan.GAN(mlp(3, [], 2), mlp(2, []))


def energy_game():
    discriminator = kerasgan.networks.AutoEncoder(mlp(2, [], 1), mlp(1, [], 2))
    return kerasgan.EBGAN(mlp(3, [], 2), discriminator)


def code_game():
    judge = kerasgan.networks.AutoEncoder(mlp(1, [], 1), mlp(1, [], 1))
    return kerasgan.EnergyBasedAdversarialAutoEncoder(mlp(2, [], 1), mlp(1, [], 2), judge)


def semi_supervised_game():
    classifier = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(3, name="hidden"), keras.layers.Dense(3)]
    )
    return kerasgan.SemiSupervisedGAN(mlp(3, [], 2), classifier, "hidden")


@pytest.mark.parametrize(
    ("make", "argument", "value"),
    [
        (game, "optimizer", "adam"),
        (game, "loss_weights", [1.0]),
        (game, "weighted_metrics", ["mae"]),
        (game, "discriminator_step", 2),
        (energy_game, "loss", "hinge"),
        (code_game, "loss", "hinge"),
        (semi_supervised_game, "loss", "hinge"),
    ],
)
def test_compile_refuses_what_means_nothing_to_the_game(make, argument, value):
    model = make()
    message = f"`{type(model).__name__}.compile`.*'{argument}'. Expected.*'discriminator_optimizer'"
    with pytest.raises(TypeError, match=message) as caught:
        model.compile(**{argument: value})
    assert ("optimizer of its own" in str(caught.value)) == (argument == "optimizer")
    model.compile(run_eagerly=True, generator_ema=0.9)


class WithASecondGeneratorTurn(kerasgan.GAN):
    second_optimizer = OptimizerSetting()

    def turns(self):
        return [*super().turns(), Turn("second", [self.generator], self.generator_objective)]


def test_a_turn_that_a_subclass_adds_has_an_optimizer_of_its_own():
    model = WithASecondGeneratorTurn(mlp(3, [], 2), mlp(2, []))
    model.compile(run_eagerly=True)
    assert isinstance(model.optimizer["second"], keras.optimizers.Adam)
    model.compile(second_optimizer=keras.optimizers.SGD(0.5), run_eagerly=True)
    assert float(model.optimizer["second"].learning_rate) == 0.5
    assert "second_loss" in model.train_on_batch(X, return_dict=True)
    assert model.get_compile_config()["second_optimizer"]["class_name"] == "SGD"


class WithoutAGeneratorTurn(kerasgan.GAN):
    maker_optimizer = OptimizerSetting()

    def turns(self):
        discriminator, generator = super().turns()
        return [discriminator, Turn("maker", generator.players, self.generator_objective)]


def test_a_game_without_a_generator_turn_says_what_to_average():
    model = WithoutAGeneratorTurn(mlp(3, [], 2), mlp(2, []))
    model.compile(run_eagerly=True)
    assert "maker_loss" in model.train_on_batch(X, return_dict=True)
    with pytest.raises(ValueError, match="`generator_ema`.*say in `generating_models` which"):
        model.compile(generator_ema=0.9)


class WithALateModel(kerasgan.GAN):
    def __init__(self, generator, discriminator, other):
        super().__init__(generator, discriminator)
        self.other = other


class WithAnEarlyModel(kerasgan.GAN):
    def __init__(self, generator, discriminator, other):
        self.other = other
        super().__init__(generator, discriminator)


def test_sub_models_are_those_that_the_game_was_made_with():
    model = game()
    with pytest.raises(AttributeError, match="`discriminator` is a part.*Expected a new game"):
        model.discriminator = mlp(2, [])


@pytest.mark.parametrize("kind", [WithALateModel, WithAnEarlyModel])
def test_a_subclass_sets_its_sub_models_when_it_likes(kind):
    networks = [mlp(3, [], 2), mlp(2, []), mlp(2, [])]
    assert len(kind(*networks).weights) == 6


@pytest.mark.parametrize("kind", [kerasgan.GAN, kerasgan.ConditionalGAN])
def test_a_generator_and_a_discriminator_in_each_others_place(kind):
    classes = {"number_of_classes": 3} if kind is kerasgan.ConditionalGAN else {}
    generator, discriminator = mlp(8, [], 2, **classes), mlp(2, [], **classes)
    with pytest.raises(ValueError, match="`discriminator`.*accepts generated samples.*swapped"):
        kind(generator=discriminator, discriminator=generator)
    with pytest.raises(ValueError, match="`discriminator`.*accepts generated samples") as caught:
        kind(generator, mlp(5, [], **classes))
    assert "swapped" not in str(caught.value)


def any_size(channels, *layers):
    convolution = keras.layers.Conv2D(channels, 3, padding="same")
    return keras.Sequential([keras.Input((None, None, 1)), convolution, *layers])


def test_a_latent_map_of_any_size_asks_for_a_size():
    networks = any_size(1), any_size(1, keras.layers.GlobalAveragePooling2D())
    with pytest.raises(
        ValueError, match=r"`prior`.*`Normal\(shape=\(8, 8, 1\)\)`.*\(None, None, 1\)"
    ):
        kerasgan.GAN(*networks)
    with pytest.raises(ValueError, match=r"`prior`.*Received: Normal with shape \(4, 5, 2\)"):
        kerasgan.GAN(*networks, prior=kerasgan.priors.Normal((4, 5, 2)))
    gan = kerasgan.GAN(*networks, prior=kerasgan.priors.Normal((4, 5, 1)))
    assert gan.generate(2, seed=0).shape == (2, 4, 5, 1)


def test_a_pair_is_two_arguments():
    gan = game()
    gan.compile()
    with pytest.raises(
        ValueError, match=r"`x`.*two arguments.*tuple of 2, with shapes \[\(16, 2\)"
    ):
        gan.fit((X, np.zeros(16)))


@pytest.mark.parametrize("seed", [5.5, "5", True])
def test_seeds_are_integers(seed):
    with pytest.raises(ValueError, match="`seed`. Expected a non-negative integer"):
        game().generate(2, seed=seed)
    with pytest.raises(ValueError, match="`seed`. Expected an integer or None"):
        kerasgan.layers.ConcatenateNoise(2, seed=seed)


def test_seeds_of_numpy():
    gan = kerasgan.GAN(mlp(3, [], 2), mlp(2, []), seed=np.int64(1))
    np.testing.assert_array_equal(gan.generate(2, seed=np.int64(5)), gan.generate(2, seed=5))
    prior = kerasgan.priors.Normal(3)
    np.testing.assert_array_equal(prior.sample(2, np.uint8(5)), prior.sample(2, 5))


def test_of_no_rows_there_is_nothing_to_say():
    gan = game()
    gan.compile()
    assert gan.discriminate(X[:0]).shape == (0,)
    assert energy_game().energy(X[:0]).shape == (0,)
    auto_encoder = code_game()
    assert auto_encoder.encode(X[:0]).shape == (0, 1)
    assert auto_encoder.reconstruct(X[:0]).shape == (0, 2)
    classes = semi_supervised_game().classify(X[:0])
    assert classes.shape == (0, 3)
    assert classes.dtype == gan.discriminate(X[:0]).dtype == np.float32


def critic(**options):
    hidden = keras.layers.Dense(4, "relu", name="hidden", **options)
    return keras.Sequential([keras.Input((2,)), hidden, keras.layers.Dense(1, **options)])


CLIPPED = {"kernel_constraint": kerasgan.constraints.WeightClipping(0.01)}
UNBOUNDED = {
    "nothing bounds it": (critic, {}),
    "a penalty of the generator": (
        critic,
        {"penalties": [kerasgan.penalties.FeatureMatching("hidden")]},
    ),
}
BOUNDED = {
    "gradient penalty": (critic, {"penalties": ["wasserstein_gradient_penalty"]}),
    "weight clipping": (lambda: critic(**CLIPPED), {}),
    "spectral normalization": (
        lambda: mlp((2,), [4], (1,), normalization="spectral"),
        {},
    ),
    "another loss": (critic, {"loss": "hinge"}),
}


def warnings_of_ours(caplog):
    return [record.getMessage() for record in caplog.records if record.name == "kerasgan"]


@pytest.mark.parametrize("kind", [*UNBOUNDED, *BOUNDED])
def test_a_critic_that_nothing_bounds_is_warned_of(kind, caplog, tmp_path):
    make, options = {**UNBOUNDED, **BOUNDED}[kind]
    discriminator = make()
    gan = kerasgan.GAN(mlp(2, [4], 2), discriminator)
    gan.compile(**{"loss": "wasserstein", **options})
    messages = warnings_of_ours(caplog)
    assert len(messages) == (kind in UNBOUNDED)
    for message in messages:
        assert discriminator.layers[0].name in message
        assert "penalties=['wasserstein_gradient_penalty']" in message
    # Who only loads the model did not choose its loss.
    caplog.clear()
    gan.save(tmp_path / "gan.keras")
    keras.models.load_model(tmp_path / "gan.keras")
    assert warnings_of_ours(caplog) == []


def test_a_layer_without_a_constraint_among_others_is_named(caplog):
    layers = [keras.layers.Dense(4, **CLIPPED), keras.layers.Dense(1, name="forgotten")]
    discriminator = keras.Sequential([keras.Input((2,)), *layers])
    kerasgan.GAN(mlp(2, [4], 2), discriminator).compile(loss="wasserstein")
    (message,) = warnings_of_ours(caplog)
    assert "Nothing bounds the layer 'forgotten'" in message
