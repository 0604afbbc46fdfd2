"""`compile(augmentation=...)`: what the discriminator sees in the game, and what is kept of it."""

import keras
import numpy as np
import pytest

import kerasgan

LAYERS = keras.layers
SHAPE = (8, 8, 3)
X = np.random.default_rng(0).uniform(-1, 1, (48, *SHAPE)).astype("float32")


def generator():
    return keras.Sequential(
        [keras.Input((4,)), LAYERS.Dense(192, "tanh"), LAYERS.Reshape(SHAPE)], name="generator"
    )


def discriminator():
    return keras.Sequential(
        [keras.Input(SHAPE), LAYERS.Conv2D(4, 3), LAYERS.Flatten(), LAYERS.Dense(1)],
        name="discriminator",
    )


def game(**arguments):
    keras.utils.set_random_seed(0)
    gan = kerasgan.GAN(generator(), discriminator(), seed=0)
    gan.compile(**arguments)
    return gan


@keras.saving.register_keras_serializable(package="tests_augmentation")
class Halve(kerasgan.augmentation.Augmentation):
    """Halves the pictures of even rows."""

    def draw(self, rows, seed, step=0):
        return {"even": keras.ops.arange(rows) % 2 == 0}

    def apply(self, images, parameters):
        even = keras.ops.reshape(parameters["even"], (-1, 1, 1, 1))
        return keras.ops.where(even, 0.5 * images, images)


def halved(images):
    return np.where((np.arange(len(images)) % 2 == 0)[:, None, None, None], 0.5 * images, images)


def still():
    return [keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0)]


def test_both_players_play_on_what_the_discriminator_sees_and_an_evaluation_does_not():
    plain, seen = game(), game(augmentation=Halve())
    for gan in (plain, seen):
        gan.compile(*still(), loss="wasserstein", augmentation=gan.augmentation)
    score = lambda images: seen.discriminator.predict(images, verbose=0)[:, 0]  # noqa: E731
    logs = seen.train_on_batch(X[:16], return_dict=True)
    assert logs["real_probability"] == pytest.approx(score(halved(X[:16])).mean(), abs=1e-5)
    assert logs["real_probability"] != pytest.approx(score(X[:16]).mean(), abs=1e-3)
    # What a generator makes of one latent sample tells the same of its side.
    constant = kerasgan.priors.FunctionPrior(lambda shape, seed: keras.ops.ones(shape))
    alike = kerasgan.GAN(seen.generator, seen.discriminator, constant)
    alike.compile(*still(), loss="wasserstein", augmentation=Halve())
    logs = alike.train_on_batch(X[:16], return_dict=True)
    expected = score(halved(alike.generate(16))).mean()
    for name in ("fake_probability", "generator_probability"):
        assert logs[name] == pytest.approx(expected, abs=1e-5)
    one, other = (gan.evaluate(X, verbose=0, return_dict=True) for gan in (plain, seen))
    assert one == pytest.approx(other)


def test_penalties_differentiate_through_it():
    """R1 is the gradient for the real samples, as in StyleGAN2-ADA's and R3GAN's code."""
    gan = game()
    gan.compile(*still(), penalties=[kerasgan.penalties.R1(2.0)], augmentation=Halve())
    logs = gan.train_on_batch(X[:16], return_dict=True)
    kernel, dense = gan.discriminator.get_weights()[0], gan.discriminator.get_weights()[2]
    # The discriminator is linear: its gradient is the same everywhere.
    gradient = np.zeros(SHAPE)
    for row in range(6):
        for column in range(6):
            weight = dense[:, 0].reshape(6, 6, 4)[row, column]
            gradient[row : row + 3, column : column + 3] += np.einsum("hwcf,f->hwc", kernel, weight)
    expected = np.square(gradient).sum() * (1 + 0.25) / 2
    assert logs["discriminator_r1"] == pytest.approx(expected, rel=1e-4)


def test_a_picture_and_the_picture_that_is_its_condition_are_transformed_alike():
    shape = (4, 4, 1)
    images, condition = keras.Input(shape, name="image"), keras.Input(shape, name="condition")
    latent = keras.Input((2,), name="latent")
    made = LAYERS.Add()([condition, LAYERS.Reshape(shape)(LAYERS.Dense(16)(latent))])
    gap = LAYERS.Flatten()(LAYERS.Subtract()([images, condition]))
    score = LAYERS.Dense(1, use_bias=False, kernel_initializer="ones")(gap)
    gan = kerasgan.ConditionalGAN(
        keras.Model([latent, condition], made), keras.Model([images, condition], score)
    )
    augmentation = kerasgan.augmentation.DiffAugment("translation,cutout")
    gan.compile(*still(), loss="wasserstein", augmentation=augmentation)
    x = np.random.default_rng(0).uniform(size=(16, *shape)).astype("float32")
    logs = gan.train_on_batch(x, x, return_dict=True)
    assert logs["real_probability"] == pytest.approx(0.0, abs=1e-6)


def adaptive():
    return kerasgan.augmentation.AdaptiveAugmentation(images=64, interval=1, target=0.0)


@pytest.mark.deterministic
def test_the_adaptive_probability_is_logged_saved_and_goes_on(tmp_path):
    gan = game(augmentation=adaptive(), loss="relativistic")
    history = gan.fit(X, batch_size=16, epochs=2, verbose=0).history
    values = history["augmentation_probability"]
    assert len(set(values)) == 2
    now = float(gan.augmentation.current_probability())
    assert 0 < now <= gan.augmentation.maximum
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert float(loaded.augmentation.current_probability()) == now
    for model in (gan, loaded):
        model.fit(X, batch_size=16, verbose=0)
    variables = [[*each.variables, *each.augmentation.variables] for each in (gan, loaded)]
    for one, other in zip(*variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)


@pytest.mark.parametrize("loss", ["non_saturating", "least_squares", "relativistic", "hinge"])
def test_it_follows_how_sure_the_discriminator_is(loss):
    """A discriminator that is sure of all real samples, and then of none."""
    gan = game()
    gan.compile(*still(), loss=loss, augmentation=adaptive())
    weights = [np.zeros_like(each) for each in gan.discriminator.get_weights()]
    # The generator's pictures are black: a positive weight of the mean tells white ones.
    gan.generator.set_weights([np.zeros((4, 192), "float32"), np.full(192, -9.0, "float32")])
    weights[0][:], weights[2][:] = 1.0, 1.0
    gan.discriminator.set_weights(weights)
    white = np.ones((16, *SHAPE), "float32")
    gan.train_on_batch(white)
    assert float(gan.augmentation.current_probability()) == pytest.approx(0.25)
    weights[2][:] = -1.0
    gan.discriminator.set_weights(weights)
    gan.train_on_batch(white)
    assert float(gan.augmentation.current_probability()) == pytest.approx(0.0)


def test_bad_arguments():
    gan = game()
    with pytest.raises(
        ValueError, match="`augmentation`.*'diff_augment'|augmentation.*diff_augment"
    ):
        gan.compile(augmentation="difaugment")
    mlp = kerasgan.networks.mlp
    with pytest.raises(ValueError, match=r"`augmentation`. Expected None, .* shape \(2,\)"):
        kerasgan.GAN(mlp(3, [], 2), mlp(2, [])).compile(augmentation="diff_augment")
    flat = keras.Sequential([keras.Input(SHAPE), LAYERS.Flatten(), LAYERS.Dense(2)])
    back = keras.Sequential([keras.Input((2,)), LAYERS.Dense(192), LAYERS.Reshape(SHAPE)])
    energy = kerasgan.EBGAN(generator(), kerasgan.networks.AutoEncoder(flat, back))
    with pytest.raises(ValueError, match="`augmentation`.*energies have none"):
        energy.compile(augmentation="adaptive")
    energy.compile(augmentation="diff_augment")
    classifier = keras.Sequential([keras.Input(SHAPE), LAYERS.Flatten(name="x"), LAYERS.Dense(3)])
    with pytest.raises(TypeError, match="'augmentation'"):
        kerasgan.SemiSupervisedGAN(generator(), classifier, "x").compile(augmentation="adaptive")


def test_a_schedule_of_a_penalty_follows_the_discriminators_updates():
    weight = kerasgan.schedules.Cosine(2.0, 0.0, steps=2)
    gan = game()
    gan.compile(*still(), penalties=[kerasgan.penalties.R1(weight)], steps_per_execution=1)
    values = [gan.train_on_batch(X[:16], return_dict=True)["discriminator_r1"] for _ in range(3)]
    np.testing.assert_allclose(values, [values[0], values[0] / 2, 0.0], rtol=1e-4, atol=1e-5)
