"""`kerasgan train --from`, at toy size."""

import argparse
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from toy_runs import TOY, inside, write_pictures

import kerasgan
from kerasgan.command import main
from kerasgan.command.choice import choose
from kerasgan.command.errors import CommandError
from kerasgan.command.stages import first_stages, stages
from kerasgan.command.start import load_start
from kerasgan.command.train import add
from kerasgan.datasets import inspect_image_folder

TUNE = ["train", "others", "--from", "toys-run", "--freeze", "1", *TOY[4:]]


@pytest.fixture(scope="module")
def tuned(trained, tmp_path_factory):
    """The folder in which a copy of `toys-run` is, and `others-run`, which goes on from it."""
    folder = tmp_path_factory.mktemp("tuned")
    write_pictures(folder / "others", seed=5)
    shutil.copytree(trained / "toys-run", folder / "toys-run")
    with inside(folder):
        assert main(TUNE) == 0
    return folder


def loaded(path):
    return keras.models.load_model(path, compile=False)


def small_gan(last="tanh"):
    layers = keras.layers
    return kerasgan.GAN(
        keras.Sequential(
            [keras.Input((3,)), layers.Dense(48, last), layers.Reshape((4, 4, 3), name="sample")]
        ),
        keras.Sequential(
            [
                keras.Input((4, 4, 3)),
                layers.Conv2D(2, 3, strides=2, padding="same"),
                layers.Flatten(),
                layers.Dense(1),
            ]
        ),
    )


def same(one, other):
    return [np.array_equal(a, b) for a, b in zip(one, other, strict=True)]


def test_a_run_starts_with_the_average_and_the_discriminator_of_its_model(tuned):
    model, start = (
        loaded(tuned / name) for name in ("toys-run/model.keras", "others-run/start.keras")
    )
    assert all(same(start.generator.get_weights(), model.averages.generator.get_weights()))
    assert not all(same(start.generator.get_weights(), model.generator.get_weights()))
    assert all(same(start.discriminator.get_weights(), model.discriminator.get_weights()))
    # The first grid shows it.
    first, last = (tuned / f"others-run/samples/epoch_000{number}.png" for number in (0, 3))
    assert first.read_bytes() != last.read_bytes()


def test_frozen_stages_stay_as_they_are_and_all_else_moves(tuned):
    start, end = (loaded(tuned / "others-run" / name) for name in ("start.keras", "model.keras"))
    # A kernel and a bias each of two stages and of the last layer. The relativistic loss takes differences of
    # scores, and so has no gradient for the last bias.
    pairs = same(start.discriminator.get_weights(), end.discriminator.get_weights())
    assert pairs == [True] * 2 + [False] * 3 + [True]
    assert not any(same(start.generator.get_weights(), end.generator.get_weights()))


def test_settings_are_those_of_the_model(tuned, capsys):
    settings = json.loads((tuned / "others-run" / "settings.json").read_text())
    assert settings["start"]["model"] == str(tuned / "toys-run" / "model.keras")
    assert len(settings["start"]["fingerprint"]) == 64
    assert (settings["size"], settings["channels"]) == ([8, 8], 3)
    assert (settings["network"], settings["filters"], settings["freeze"]) == ("dcgan", 2, 1)
    assert "toys-run" in (tuned / "others-run" / "index.html").read_text()


@pytest.mark.deterministic
def test_an_interrupted_run_goes_on_without_its_model(tuned, here, interrupted, capsys):
    write_pictures(here / "others", seed=5)
    shutil.copytree(tuned / "toys-run", here / "toys-run")
    assert interrupted(TUNE) == 130
    printed = capsys.readouterr().out
    assert "Network  dcgan, 2 filters" in printed
    assert "Frozen   1 first stage of the discriminator" in printed
    (here / "toys-run").rename(here / "elsewhere")
    assert main(TUNE) == 0
    assert "goes on at step 1 of 3" in capsys.readouterr().out
    states = []
    for folder in (here, tuned):
        with np.load(folder / "others-run" / "backup" / "training_state.npz") as state:
            states.append({name: state[name] for name in state if name.startswith("variable.")})
    assert states[0].keys() == states[1].keys()
    for name, value in states[0].items():
        np.testing.assert_array_equal(value, states[1][name])
    grids = [folder / "others-run" / "samples" / "epoch_0003.png" for folder in (here, tuned)]
    assert grids[0].read_bytes() == grids[1].read_bytes()


def test_another_model_in_the_same_run_is_refused(tuned, trained, here, monkeypatch, capsys):
    monkeypatch.chdir(tuned)
    small_gan().save(here / "other.keras")
    for model in (here / "other.keras", here / "missing"):
        assert main(["train", "others", "--from", str(model), "--freeze", "2"]) == 2
        message = capsys.readouterr().err
        assert f"toys-run/model.keras, not {model}; --freeze 1, not 2. To go on" in message
    # The same file in another place is the same model.
    shutil.copy(tuned / "toys-run" / "model.keras", here / "copy.keras")
    assert main(["train", "others", "--from", str(here / "copy.keras")]) == 0
    assert "is finished" in capsys.readouterr().out
    monkeypatch.chdir(trained)
    assert main(["train", "toys", "--from", str(here / "copy.keras")]) == 2
    assert "is a run with no --from, not" in capsys.readouterr().err


def test_settings_with_another_model_are_refused(tuned, here, capsys):
    settings = json.loads((tuned / "others-run" / "settings.json").read_text())
    small_gan().save(here / "other.keras")
    settings["start"]["model"] = str(here / "other.keras")
    (here / "given.json").write_text(json.dumps(settings))
    assert main(["train", "--settings", "given.json", "--output", "again"]) == 2
    assert "which is another model now" in capsys.readouterr().err
    assert not (here / "again").exists()


def test_a_file_with_networks_of_the_users(here):
    write_pictures(here / "toys", 5)
    small_gan().save(here / "own.keras")
    command = ["train", "toys", "--from", "own.keras", "--steps", "1", "--batch-size", "2"]
    assert main([*command, "--augment", "none"]) == 0
    settings = json.loads((here / "toys-run" / "settings.json").read_text())
    assert (settings["network"], settings["filters"], settings["latent_size"]) == (None, None, 3)
    assert loaded(here / "toys-run" / "model.keras").generate(2).shape == (2, 4, 4, 3)
    assert (
        "the network of the model that the run starts from"
        in (here / "toys-run" / "index.html").read_text()
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--from", "toys-run", "--size", "16"], "--size 16x16 and --from contradict each other"),
        (["--from", "toys-run", "--channels", "1"], "--channels 1 and --from contradict"),
        (["--from", "toys-run", "--network", "fastgan"], "has the network dcgan. Leave --network"),
        (["--from", "toys-run", "--filters", "3"], "has 2 filters. Leave --filters out"),
        (["--from", "toys-run", "--conditional", "yes"], "--conditional yes and --from contradict"),
        (["--from", "toys-run", "--freeze", "3"], "2 stages (4×4, 2×2). Give --freeze 2 at most"),
        (["--from", "toys-run", "--freeze", "0"], "--freeze: expected a whole number of at least"),
        (["--freeze", "1"], "--freeze 1 needs --from"),
        (["--from", "others"], "--from others has no model.keras"),
        (["--from", "nothing.keras"], "--from nothing.keras: there is no such run"),
        (["--from", "own.keras", "--network", "dcgan"], "own.keras has a network of its own"),
        (["--from", "sigmoid.keras"], "makes values from 0 to 1"),
        (["--from", "energies.keras"], "has the class EBGAN. Give a GAN or a ConditionalGAN"),
        (["--from", "points.keras"], "makes samples of shape (2,), not pictures"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_sentence(tuned, models, capsys, options, expected):
    try:
        status = main(["train", "others", "--output", "new-run", "--steps", "1", *options])
    except SystemExit as stop:  # argparse's
        status = stop.code
    assert status == 2
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1
    assert not (models / "new-run").exists()


@pytest.fixture
def models(tuned, monkeypatch):
    """A folder with models that cannot be gone on from."""
    if not (tuned / "own.keras").exists():
        small_gan().save(tuned / "own.keras")
        small_gan("sigmoid").save(tuned / "sigmoid.keras")
        mlp = kerasgan.networks.mlp
        kerasgan.GAN(mlp((2,), [2], (2,)), mlp((2,), [2], (1,))).save(tuned / "points.keras")
        parts = mlp((4, 4, 3), [2], (1,)), mlp((1,), [2], (4, 4, 3))
        auto_encoder = kerasgan.networks.AutoEncoder(*parts)
        kerasgan.EBGAN(small_gan().generator, auto_encoder).save(tuned / "energies.keras")
    monkeypatch.chdir(tuned)
    return tuned


def test_classes_go_on_with_as_many_sub_folders(conditional, here, capsys):
    model = str(conditional / "kinds-run")
    for name in ("birds", "fish"):
        write_pictures(here / "kinds" / name, 4, (8, 8))
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    given = parser.parse_args(["train", "kinds", "--from", model])
    start = load_start(Path(model))
    settings = choose(given, inspect_image_folder(here / "kinds"), start)
    start.check(settings)
    assert settings.class_names == ["birds", "fish"]  # fewer than are classes by themselves
    assert settings.channels == 1
    command = ["train", "kinds", "--from", model, "--steps", "1"]
    assert main([*command, "--conditional", "no"]) == 2
    assert "--conditional no and --from contradict" in capsys.readouterr().err
    write_pictures(here / "kinds" / "mice", 4, (8, 8))
    assert main(command) == 2
    assert "has 3 sub-folders with pictures" in capsys.readouterr().err
    assert main(["train", "kinds/fish", *command[2:]]) == 2
    assert "has 2 classes. Give as many" in capsys.readouterr().err


NETWORKS = {
    "dcgan": (kerasgan.networks.dcgan_discriminator, {}, [(16, 16), (8, 8), (4, 4)]),
    "fastgan": (kerasgan.networks.fastgan_discriminator, {}, [(32, 32), (16, 16), (8, 8)]),
    "r3gan": (
        kerasgan.networks.r3gan_discriminator,
        {"filters": 16, "blocks": 1},
        [(32, 32), (16, 16), (8, 8), (4, 4)],
    ),
    "progressive": (
        kerasgan.networks.ProgressiveDiscriminator,
        {"levels": 3, "filters": 2},
        [(32, 32), (16, 16), (8, 8)],
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_stages_go_from_the_picture_to_the_score(name):
    make, options, sizes = NETWORKS[name]
    discriminator = make((32, 32, 3), **{"filters": 2, **options})
    assert list(stages(discriminator)) == sizes
    every = first_stages(discriminator, len(sizes))
    assert len(set(map(id, every))) == len(every)
    # All but the score, and what r3gan sums before it.
    left = [layer for layer in discriminator.layers if layer.weights and layer not in every]
    flat = (keras.layers.Dense, keras.layers.DepthwiseConv2D, keras.Model)
    assert all(isinstance(layer, flat) for layer in left)
    assert every[0].output.shape[1:3] == sizes[0]


def test_stages_of_code_are_not_known():
    class Critic(keras.Model):
        def __init__(self):
            super().__init__()
            self.convolution = keras.layers.Conv2D(1, 4)

        def call(self, inputs):
            return self.convolution(inputs)[:, 0, 0]

    critic = Critic()
    critic(np.zeros((1, 4, 4, 3)))
    with pytest.raises(CommandError, match="Leave --freeze out"):
        stages(critic)
