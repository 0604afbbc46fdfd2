"""Makes the game of a run: its networks, loss, penalties, optimizers and average."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

import keras

from kerasgan import networks
from kerasgan.augmentation import AdaptiveAugmentation, DiffAugment
from kerasgan.command.errors import CommandError, sentence
from kerasgan.command.models import load
from kerasgan.command.settings import Settings
from kerasgan.command.stages import first_stages
from kerasgan.core import GenerativeModel
from kerasgan.models import GAN, ConditionalGAN
from kerasgan.penalties import R1, R2
from kerasgan.schedules import Cosine


class Network(NamedTuple):
    """A generator and a discriminator of pictures, with what suits them.

    Attributes:
        generator: A function that makes the generator.
        discriminator: A function that makes the discriminator.
        options: Further arguments of the two functions.
        filters: The filters of the generator on a CPU, and on an accelerator.
        ratio: The filters of the discriminator, as a multiple of the generator's.
        batch_size: Pictures in a step on a CPU, and on an accelerator.
        learning_rate: The first learning rate.
    """

    generator: Callable[..., keras.Model]
    discriminator: Callable[..., keras.Model]
    options: tuple[dict[str, Any], dict[str, Any]]
    filters: tuple[int, int]
    ratio: int
    batch_size: tuple[int, int]
    learning_rate: float


# On a CPU, a picture takes nearly the same time in any minibatch. Small ones make more updates.
NETWORKS = {
    # R3GAN's recipe has no normalization. The discriminator halves pictures at once. With the generator's
    # filters, it would be much smaller than the generator and learn more slowly.
    "dcgan": Network(
        networks.dcgan_generator,
        networks.dcgan_discriminator,
        ({"normalization": None}, {}),
        filters=(24, 64),
        ratio=2,
        batch_size=(16, 64),
        learning_rate=7e-4,
    ),
    "fastgan": Network(
        networks.fastgan_generator,
        networks.fastgan_discriminator,
        ({}, {}),
        filters=(16, 64),
        ratio=1,
        batch_size=(16, 64),
        learning_rate=5e-4,
    ),
    "r3gan": Network(
        networks.r3gan_generator,
        networks.r3gan_discriminator,
        ({"blocks": 1, "output_activation": None}, {"blocks": 1}),
        filters=(32, 256),
        ratio=1,
        batch_size=(16, 64),
        learning_rate=2e-4,
    ),
}


def make_game(settings: Settings, start: Path) -> GenerativeModel:
    """Returns the compiled game of a run, as it is before the first step.

    Args:
        settings: The settings of the run.
        start: The file with the first game, if the run starts from a model.
    """
    keras.utils.set_random_seed(settings.seed)
    game = _new_game(settings) if settings.start is None else load(start).game
    for layer in first_stages(game.discriminator, settings.freeze):
        layer.trainable = False
    try:
        game.compile(
            generator_optimizer=_adam(settings),
            discriminator_optimizer=_adam(settings),
            loss="relativistic",
            penalties=_penalties(settings),
            augmentation=_augmentation(settings),
            generator_ema=settings.average,
        )
    except ValueError as error:
        if settings.start is None:
            raise
        # For example, a layer of the discriminator may have no second derivative, which R1 needs.
        raise CommandError(f"--from {settings.start['model']}: {sentence(error)}") from error
    return game


def _new_game(settings: Settings) -> Any:
    # Both are known, because this run does not start from a model.
    network = NETWORKS[cast(str, settings.network)]
    filters = cast(int, settings.filters)
    classes: dict[str, Any] = {}
    if settings.class_names is not None:
        classes["number_of_classes"] = len(settings.class_names)
    of_generator, of_discriminator = network.options
    try:
        generator = network.generator(
            settings.latent_size, settings.shape, filters=filters, **classes, **of_generator
        )
        discriminator = network.discriminator(
            settings.shape, filters=filters * network.ratio, **classes, **of_discriminator
        )
    except ValueError as error:
        size = "x".join(map(str, settings.size))
        expected = str(error).partition("Expected ")[2].partition(" Received")[0] or str(error)
        raise CommandError(
            f"--network {settings.network} cannot be made for --size {size} and --filters "
            f"{settings.filters}. It takes {' '.join(expected.split())}"
        ) from error
    game_class = GAN if settings.class_names is None else ConditionalGAN
    return game_class(generator, discriminator)


def _adam(settings: Settings) -> keras.optimizers.Optimizer:
    rate = Cosine(settings.learning_rate, settings.final_learning_rate, settings.planned_steps)
    return keras.optimizers.Adam(rate, beta_1=0.0, beta_2=0.99)


def _penalties(settings: Settings) -> list[Any]:
    return [R1(settings.penalty), R2(settings.penalty)]


def _augmentation(settings: Settings) -> Any:
    if settings.augmentation == "none":
        return None
    if settings.augmentation == "diff_augment":
        return DiffAugment()
    # The probability can go from 0 to 1 within a quarter of the run.
    images = settings.planned_steps * settings.batch_size / 4
    return AdaptiveAugmentation(images=min(max(images, 1_000.0), 500_000.0))
