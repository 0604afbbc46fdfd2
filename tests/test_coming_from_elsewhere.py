"""Code of other libraries and of this one, side by side in docs/coming_from_elsewhere.

The blocks marked `python` run in `test_documents.py`. Here, the code before and the code after play from the
same weights with the same noise, and their weights are compared. Blocks marked `py` are of libraries that the
tests do not have. They are compiled.
"""

import ast
import re
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasgan

FOLDER = Path(__file__).parents[1] / "docs" / "coming_from_elsewhere"
PAGES = sorted(FOLDER.glob("*.md"))
SGD = keras.optimizers.SGD
# So that the weights move by about 1e-2 in a step, and rounding by 1e-8.
RATE = 0.1
PICTURES = np.random.default_rng(1).uniform(size=(16, 8, 8, 1)).astype("float32")


def blocks(page, language):
    text = (FOLDER / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def definitions(page):
    """Returns the imports, functions and classes of a page's Python blocks, without running the rest."""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    names = {"__name__": "document"}
    for block in blocks(page, "python"):
        body = [node for node in ast.parse(block).body if isinstance(node, kinds)]
        exec(compile(ast.Module(body, []), page, "exec"), names)
    return names


def copy_of(model, mirrored=False):
    """Returns a copy, with the signs of the last layer's weights changed if it is `mirrored`."""
    copy = keras.models.clone_model(model)
    copy.set_weights(mirror(model.get_weights()) if mirrored else model.get_weights())
    return copy


def mirror(weights):
    return [*weights[:-2], *(-weight for weight in weights[-2:])]


def gap(weights, others):
    """Returns the largest difference between two lists of weights."""
    return max(np.abs(one - other).max() for one, other in zip(weights, others, strict=True))


@pytest.fixture(scope="module")
def keras_io():
    keras.utils.set_random_seed(0)
    return definitions("keras_io.md")


def train(model, *data, batch_size=8):
    """Trains for one epoch in order. Without a graph, because a few steps of small networks are faster so."""
    model.run_eagerly = True
    model.fit(*data, batch_size=batch_size, shuffle=False, verbose=0)


class TestDCGAN:
    @pytest.fixture
    def before(self, keras_io):
        build = keras_io["build_discriminator"]
        discriminator, generator = build(activation="sigmoid"), keras_io["build_generator"]()
        before = keras_io["TrainStepGAN"](discriminator, generator, latent_dim=8, seed=3)
        before.compile(SGD(RATE), SGD(RATE), keras.losses.BinaryCrossentropy())
        return before

    def after(self, before, mirrored=True, rate=RATE / 2, seed=3):
        after = kerasgan.GAN(
            copy_of(before.generator), copy_of(before.discriminator, mirrored), seed=seed
        )
        after.compile(SGD(RATE), SGD(rate))
        return after

    def test_is_the_same_game(self, before):
        start = before.generator.get_weights(), before.discriminator.get_weights()
        after = self.after(before)
        train(before, PICTURES)
        train(after, PICTURES)
        weights, scores = after.generator.get_weights(), mirror(after.discriminator.get_weights())
        assert gap(before.generator.get_weights(), weights) < 1e-6
        assert gap(before.discriminator.get_weights(), scores) < 1e-6
        assert gap(start[0], weights) > 1e-3
        assert gap(start[1], scores) > 1e-3

    @pytest.mark.parametrize(
        "other", [{"mirrored": False}, {"rate": RATE}, {"seed": 4}], ids=["labels", "scale", "seed"]
    )
    def test_needs_each_thing_that_the_page_names(self, before, other):
        after = self.after(before, **other)
        train(before, PICTURES)
        train(after, PICTURES)
        assert gap(before.generator.get_weights(), after.generator.get_weights()) > 1e-5


def test_wgan_gp_is_the_same_game_if_each_batch_comes_twice(keras_io):
    discriminator, generator = keras_io["build_discriminator"](), keras_io["build_generator"]()
    before = keras_io["TrainStepWGAN"](discriminator, generator, latent_dim=8, seed=3)
    before.compile(SGD(0.01), SGD(0.01), loss_fn=None)
    after = kerasgan.GAN(copy_of(generator), copy_of(discriminator), seed=3)
    after.compile(
        SGD(0.01),
        SGD(0.01),
        loss="wasserstein",
        penalties=["wasserstein_gradient_penalty"],
        discriminator_steps=2,
    )
    start = discriminator.get_weights()
    train(before, PICTURES[:8])
    # A round takes its minibatches as the source has them. One of 8 rows, and the same once more:
    train(after, np.repeat(PICTURES[:8], 2, axis=0))
    assert gap(generator.get_weights(), after.generator.get_weights()) < 1e-6
    assert gap(discriminator.get_weights(), after.discriminator.get_weights()) < 1e-6
    assert gap(start, discriminator.get_weights()) > 1e-3


def test_the_conditional_gan_is_the_same_game(keras_io):
    labels = keras.utils.to_categorical(np.arange(16) % 3, 3)
    generator = keras_io["build_generator"](8 + 3)
    discriminator = keras_io["build_discriminator"](1 + 3)
    before = keras_io["TrainStepConditionalGAN"](discriminator, generator, latent_dim=8, seed=3)
    before.compile(SGD(RATE), SGD(RATE), keras.losses.BinaryCrossentropy(from_logits=True))
    after = kerasgan.ConditionalGAN(
        keras_io["with_label"](copy_of(generator)),
        keras_io["judging_label"](copy_of(discriminator, mirrored=True)),
        seed=3,
    )
    after.compile(SGD(RATE), SGD(RATE / 2))
    start = discriminator.get_weights()
    train(before, PICTURES, labels)
    train(after, PICTURES, labels)
    assert gap(generator.get_weights(), after.generator.get_weights()) < 1e-6
    scores = mirror(after.discriminator.get_weights())
    assert gap(discriminator.get_weights(), scores) < 1e-6
    assert gap(start, scores) > 1e-3


@pytest.mark.parametrize("rate", [0.0, RATE])
def test_the_cycle_gan_makes_the_same_step_but_for_who_moves_first(keras_io, rate):
    networks = [keras_io["translator"]() for _ in range(2)]
    networks += [keras_io["build_discriminator"]() for _ in range(2)]
    start = [network.get_weights() for network in networks]
    after = kerasgan.CycleGAN(*map(copy_of, networks), pool_size=0)
    before = keras_io["TrainStepCycleGAN"](*networks)
    before.compile(SGD(RATE), SGD(RATE), SGD(rate), SGD(rate))
    after.compile(SGD(2 * RATE), SGD(rate), cycle_weight=5.0, identity_weight=2.5)
    train(before, PICTURES[:8], PICTURES[8:])
    train(after, PICTURES[:8], PICTURES[8:])
    others = [
        after.generator_a_to_b,
        after.generator_b_to_a,
        after.discriminator_a,
        after.discriminator_b,
    ]
    gaps = [
        gap(one.get_weights(), two.get_weights()) for one, two in zip(networks, others, strict=True)
    ]
    assert max(gaps[2:]) < 1e-6
    assert gap(start[0], networks[0].get_weights()) > 1e-3
    if rate:
        assert min(gaps[:2]) > 1e-5
    else:
        assert max(gaps[:2]) < 1e-6


def test_adaptive_augmentation_makes_the_same_first_step(keras_io):
    discriminator, generator = keras_io["build_discriminator"](), keras_io["build_generator"]()
    # All scores of real pictures are positive, which is an accuracy of 1.
    weights = discriminator.get_weights()
    discriminator.set_weights([*weights[:-1], weights[-1] + 5.0])
    after = kerasgan.GAN(copy_of(generator), copy_of(discriminator), seed=3)
    before = keras_io["TrainStepADA"](discriminator, generator, latent_dim=8, seed=3)
    before.compile(SGD(RATE), SGD(RATE), keras.losses.BinaryCrossentropy(from_logits=True))
    augmentation = kerasgan.augmentation.AdaptiveAugmentation(
        target=0.7, images=1_000, interval=1, transformations="flip", value_range=(0, 1)
    )
    after.compile(SGD(RATE), SGD(RATE / 2), augmentation=augmentation, generator_ema=0.99)
    train(before, PICTURES[:8])
    train(after, PICTURES[:8])
    assert gap(discriminator.get_weights(), after.discriminator.get_weights()) < 1e-6
    assert gap(weights, discriminator.get_weights()) > 1e-3
    assert float(before.augmenter.probability) == pytest.approx((1 - 0.85) / 1_000)
    assert float(augmentation.current_probability()) == pytest.approx(8 / 1_000)
    # The first average is that of one step: the generator itself.
    averages = after.averages.generator.get_weights()
    assert gap(averages, after.generator.get_weights()) < 1e-6


class TestKerasGAN:
    RATE = 1e-3
    REAL = np.random.default_rng(2).normal(3.0, 1.0, (16, 2)).astype("float32")
    NOISE = np.random.default_rng(3).normal(size=(16, 8)).astype("float32")

    @pytest.fixture
    def page(self):
        keras.utils.set_random_seed(0)
        return definitions("keras_gan.md")

    def test_is_the_same_game_to_first_order(self, page):
        generator, discriminator = page["build_generator"](), page["build_discriminator"]()
        start = [*generator.get_weights(), *discriminator.get_weights()]
        after = kerasgan.GAN(
            copy_of(generator), copy_of(discriminator), prior=lambda shape, seed: self.NOISE
        )
        combined = page["build_combined"](generator, discriminator, lambda: SGD(self.RATE))
        # As in Keras 2: trainable in its own steps, and not in those of `combined`. Keras 3 looks once, when
        # it compiles a step. So the discriminator takes one step of size 0 first.
        discriminator.trainable = True
        discriminator.optimizer.learning_rate = 0.0
        discriminator.train_on_batch(self.REAL, np.ones((16, 1)))
        discriminator.optimizer.learning_rate = self.RATE
        discriminator.trainable = False
        page["train_one_round"](generator, discriminator, combined, self.REAL, self.NOISE)
        after.compile(SGD(self.RATE), SGD(self.RATE))
        train(after, self.REAL, batch_size=16)
        ends = [*generator.get_weights(), *discriminator.get_weights()]
        others = [*after.generator.get_weights(), *after.discriminator.get_weights()]
        moves = np.concatenate([np.ravel(b - a) for a, b in zip(start, ends, strict=True)])
        other = np.concatenate([np.ravel(b - a) for a, b in zip(start, others, strict=True)])
        assert np.linalg.norm(moves - other) < 0.01 * np.linalg.norm(moves)
        for a, b in zip(start, ends, strict=True):
            assert np.abs(b - a).max() > 1e-6


def public_names(page):
    """Returns the names of this library in a page: `kerasgan.losses.NonSaturating` and the like."""
    text = (FOLDER / page).read_text(encoding="utf-8")
    return set(re.findall(r"(?<![\w/.])kerasgan(?:\.[A-Za-z_]\w*)+", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_of_this_library_exists(page):
    names = public_names(page.name)
    assert names
    for name in names:
        found = kerasgan
        for part in name.split(".")[1:]:
            assert hasattr(found, part), name
            found = getattr(found, part)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_of_libraries_that_are_not_here_compiles(page):
    for block in blocks(page.name, "py"):
        compile(block, page.name, "exec")
        imports = {
            alias.name.partition(".")[0]
            for node in ast.walk(ast.parse(block))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        imports |= {
            node.module.partition(".")[0]
            for node in ast.walk(ast.parse(block))
            if isinstance(node, ast.ImportFrom)
        }
        # Nothing else is excused from running.
        assert imports & {"tensorflow_gan", "pygan", "torch", "R3GAN"}
        assert not imports & {"keras", "kerasgan"}


# What each library's README or public interface lists, so that nobody looks for a name in vain.
LISTED = {
    "keras_gan.md": """
        AC-GAN, Adversarial Autoencoder, BiGAN, BGAN, CC-GAN, CGAN, Context Encoder, CoGAN, CycleGAN, DCGAN,
        DiscoGAN, DualGAN, GAN, InfoGAN, LSGAN, Pix2Pix, PixelDA, SGAN, SRGAN, WGAN, WGAN GP
    """,
    "pygan.md": """
        GenerativeAdversarialNetworks, AdversarialAutoEncoders, GANsValueFunction, MiniMax, MarginLoss,
        FeatureMatching, DenoisingFeatureMatching, TrueSampler, SineWaveTrueSampler, GaussTrueSampler,
        UniformSampler, ImageTrueSampler, ConditionalTrueSampler, ConditionalImageTrueSampler, NoiseSampler,
        UniformNoiseSampler, GaussNoiseSampler, SineWaveNoiseSampler, ImageNoiseSampler,
        ConvolveImageNoiseSampler, GenerativeModel, NNModel, LSTMModel, DeconvolutionModel, CNNModel,
        AutoEncoderModel, ConvolutionalAutoEncoder, EncoderDecoderModel, ConditionalGenerativeModel,
        ConditionalConvolutionalModel, ConditionalConvolutionalAutoEncoder, DiscriminativeModel, SeqCNNModel,
        SeqCAEModel, ConvolutionalLadderNetworks, SeqCLNModel, GANImageGenerator, EBGANImageGenerator,
        EBAAEImageGenerator, GANomalyDetector, GanomalyController, LabeledConditionSampler,
        MultimodalDiscriminativeModel, ClusterGANController, ClusteringModel, TransposedClusteringModel,
        BlockDiagonalConstraintSampler
    """,
    "tf_gan.md": """
        gan_model, infogan_model, acgan_model, cyclegan_model, stargan_model, gan_loss, cyclegan_loss,
        stargan_loss, gan_train_ops, gan_train, get_sequential_train_hooks, get_joint_train_hooks,
        get_sequential_train_steps, RunTrainOpsHook, GANModel, InfoGANModel, ACGANModel, CycleGANModel,
        StarGANModel, GANLoss, CycleGANLoss, GANTrainOps, GANTrainSteps, GANEstimator, StarGANEstimator,
        TPUGANEstimator, get_latent_gan_estimator, acgan_discriminator_loss, acgan_generator_loss,
        least_squares_discriminator_loss, least_squares_generator_loss, modified_discriminator_loss,
        modified_generator_loss, minimax_discriminator_loss, minimax_generator_loss,
        relativistic_discriminator_loss, relativistic_generator_loss, wasserstein_discriminator_loss,
        wasserstein_generator_loss, wasserstein_hinge_discriminator_loss, wasserstein_hinge_generator_loss,
        wasserstein_gradient_penalty, mutual_information_penalty, combine_adversarial_loss,
        cycle_consistency_loss, frechet_classifier_distance, frechet_inception_distance,
        kernel_classifier_distance, kernel_inception_distance, inception_score, classifier_score,
        run_classifier_fn, run_inception, sliced_wasserstein_distance, image_grid, python_image_grid,
        add_gan_model_image_summaries, add_gan_model_summaries, clip_variables, clip_discriminator_weights,
        VariableClippingOptimizer, condition_tensor, condition_tensor_from_onehot, group_norm, instance_norm,
        tensor_pool, spectral_normalize, spectral_norm_regularizer, spectral_normalization_custom_getter, VBN
    """,
}


@pytest.mark.parametrize("page", LISTED)
def test_every_listed_name_is_on_its_page(page):
    text = (FOLDER / page).read_text(encoding="utf-8")
    tables = "\n".join(re.findall(r"^(?:\| |- ).*(?:\n  .*)*", text, re.MULTILINE))
    for name in map(str.strip, LISTED[page].split(",")):
        assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", tables), name
