"""`python -m kerasgan.latent`, at toy size."""

import runpy
import sys

import keras
import numpy as np
import pytest
from latent_games import GAMES, conditional_gan, gan, image_gan, labeled_auto_encoder
from PIL import Image

import kerasgan
from kerasgan.latent.command import main


def run(line):
    main(line.split())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    image_gan().save(folder / "gan.keras")
    pixels = np.random.default_rng(0).integers(0, 256, (12, 4, 6, 1), dtype=np.uint8)
    np.savez(folder / "data.npz", x_train=pixels, x_test=pixels[:3])
    return folder


@pytest.fixture
def images(saved, folder):
    """A folder with a model of images, and data that it could have learned."""
    for file in saved.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def size(path):
    with Image.open(path) as picture:
        return picture.size


@pytest.mark.deterministic
@pytest.mark.parametrize(
    ("tool", "rows", "columns"),
    [
        ("interpolate --rows 2 --steps 3", 2, 3),
        ("truncate --thresholds 2 1 0.5 --count 2", 3, 2),
        ("invert --data data.npz --index 2 0 --restarts 1 --steps 2", 2, 2),
        ("neighbors --data data.npz --count 3 --neighbors 4", 3, 5),
    ],
)
def test_each_tool_writes_its_picture(images, capsys, tool, rows, columns):
    name, *others = tool.split()
    arguments = [name, "gan.keras", *others, "--scale", "1", "--output"]
    main([*arguments, "new/one.png", "--seed", "3"])
    main([*arguments, "new/two.png", "--seed", "3"])
    assert size("new/one.png") == (8 * columns + 2, 6 * rows + 2)
    one, two = ((images / "new" / f"{name}.png").read_bytes() for name in ("one", "two"))
    assert one == two
    assert f"Picture: {images}/new/one.png\n" in capsys.readouterr().out


def test_reports_of_errors_and_neighbors(images, capsys):
    run("invert gan.keras --data data.npz --index 1 --steps 0 --restarts 1 --output a.png")
    assert capsys.readouterr().out.startswith("1: mean square error ")
    run("neighbors gan.keras --data data.npz --count 2 --neighbors 2 --output a.png")
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first.startswith("0: example ")
    assert second.count("example") == 2


def test_distances_in_the_features_of_a_saved_model(images, capsys):
    flat = keras.Sequential([keras.Input((4, 6, 1)), keras.layers.Flatten()])
    flat.save("flat.keras")
    reports = []
    for features in ([], ["--features", "flat.keras"]):
        main(["neighbors", "gan.keras", "--data", "data.npz", "--output", "a.png", *features])
        reports.append(capsys.readouterr().out)
    assert reports[0] == reports[1]


def test_a_model_with_a_normalization_is_compared_and_drawn_in_its_units(images, capsys):
    model = image_gan()
    model.normalization = kerasgan.datasets.MinMax(0, 255)
    model.save("gan.keras")
    run("truncate gan.keras --thresholds 1 --count 2 --output a.png")
    expected = kerasgan.callbacks.image_grid(
        kerasgan.latent.truncate(model, 1.0, 2)[0], rows=1, value_range=(0, 1)
    )
    with Image.open("a.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(expected))
    capsys.readouterr()
    run("neighbors gan.keras --data data.npz --count 1 --neighbors 2 --output a.png")
    with np.load("data.npz") as data:
        x = data["x_train"] / 255
    found = kerasgan.latent.nearest_neighbors(model.generate(1, seed=0), x, 2)
    (i, j), (near, far) = found.indices[0], found.distances[0]
    expected = f"0: example {i} at {near:.4g}, example {j} at {far:.4g}"
    assert capsys.readouterr().out.splitlines()[0] == expected


def test_a_folder_of_pictures_in_the_size_of_the_model(images):
    (images / "in").mkdir()
    for index in range(3):
        Image.new("RGB", (20, 11), (40 * index, 0, 90)).save(images / "in" / f"{index}.png")
    run("neighbors gan.keras --data in --neighbors 3 --count 1 --output a.png")
    assert size("a.png")[0] > 0


@pytest.mark.parametrize(
    ("make", "condition"),
    [(conditional_gan, "0 1"), (labeled_auto_encoder, "3"), (labeled_auto_encoder, "0 3 -1")],
    ids=["vector", "label", "labels"],
)
def test_conditions(folder, make, condition):
    make().save("model.keras")
    values = condition.split()
    main(
        ["interpolate", "model.keras", "--rows", "3", "--steps", "2", "--condition", *values,
         "--output", "a.png"]
    )  # fmt: skip
    assert (folder / "a.png").is_file()


def test_labels_of_the_data_are_conditions(folder, capsys):
    model = labeled_auto_encoder()
    model.save("model.keras")
    x = np.random.default_rng(0).normal(size=(5, 5))
    np.savez("data.npz", x=x, y=np.array([3, 0, 1, 2, 3]))
    run("invert model.keras --data data.npz --index 0 4 --steps 0 --output a.png")
    with_labels = capsys.readouterr().out
    run("invert model.keras --data data.npz --index 0 4 --steps 0 --condition 3 --output a.png")
    assert capsys.readouterr().out == with_labels


@pytest.mark.parametrize("name", ["gan", "ebgan", "auto_encoder"])
def test_vectors_are_drawn_as_curves(folder, name):
    make, _ = GAMES[name]
    make().save("model.keras")
    run("truncate model.keras --count 2 --thresholds 1 --scale 1 --output a.png")
    assert size("a.png") == (2 * 34 + 2, 26 + 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "TOOL"),
        ("dream gan.keras --output a.png", "dream"),
        ("interpolate gan.keras", "--output"),
        ("interpolate none.keras --output a.png", "none.keras"),
        ("interpolate data.npz --output a.png", "ends in .keras"),
        ("interpolate broken.keras --output a.png", "broken.keras cannot be loaded"),
        ("interpolate plain.keras --output a.png", "a game with a prior"),
        ("interpolate gan.keras --output a.txt", "suffix"),
        ("interpolate gan.keras --output a.png --steps 1", "`steps`"),
        ("interpolate gan.keras --output a.png --method cubic", "cubic"),
        ("interpolate gan.keras --output a.png --condition 1", "Leave --condition out"),
        ("interpolate gan.keras --output a.png --condition one", "--condition"),
        ("interpolate gan.keras --output a.png --value-range 1 0", "`value_range`"),
        ("truncate gan.keras --output a.png --thresholds -1", "`threshold`"),
        ("truncate uniform.keras --output a.png", "Expected a `Normal` prior"),
        ("invert gan.keras --output a.png", "--data"),
        ("invert gan.keras --output a.png --data data.npz --index 3", "--index"),
        ("invert gan.keras --output a.png --data nothing", "nothing"),
        ("neighbors uniform.keras --output a.png --data data.npz", "model's shape (5,)"),
        ("neighbors gan.keras --output a.png --data data.npz --neighbors 99", "`neighbors`"),
        ("neighbors gan.keras --output a.png --data data.npz --features none.keras", "none.keras"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(images, capsys, arguments, message):
    if "broken" in arguments:
        (images / "broken.keras").write_bytes(b"no archive")
    if "plain" in arguments:
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save("plain.keras")
    if "uniform" in arguments:
        gan(prior="uniform").save("uniform.keras")
    before = sorted(images.iterdir())
    with pytest.raises(SystemExit) as stopped:
        run(arguments)
    assert stopped.value.code == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert not shown.out
    assert sorted(images.iterdir()) == before


def test_loading_runs_no_code(folder, capsys):
    model = image_gan()
    generator = keras.Sequential([model.generator, keras.layers.Lambda(lambda x: 2 * x)])
    generator.save("generator.keras")
    with pytest.raises(SystemExit):
        run("interpolate generator.keras --output a.png")
    shown = capsys.readouterr().err
    assert "cannot be loaded" in shown
    assert "ambda" in shown


def test_help(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["latent", "--help"])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("kerasgan.latent", run_name="__main__")
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert all(tool in shown for tool in ("interpolate", "truncate", "invert", "neighbors"))
    with pytest.raises(SystemExit):
        run("invert --help")
    assert "--restarts" in capsys.readouterr().out
