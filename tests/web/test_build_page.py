"""What the page is made of: found in the model, and refused with the reason where it does not fit."""

import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasgan


def network(*layers):
    return keras.Sequential(list(layers))


def exported(generator, path, prior=None, **arguments):
    discriminator = network(keras.Input(generator.output_shape[1:]), keras.layers.Flatten())
    discriminator.add(keras.layers.Dense(1))
    gan = kerasgan.GAN(generator, discriminator, prior=prior)
    gan.compile()
    gan.export(path, "onnx", False, **arguments)
    return path


def pictures(activation="tanh", shape=(2, 3, 1), latent=4):
    dense = keras.layers.Dense(int(np.prod(shape)), activation, bias_initializer="random_normal")
    return network(keras.Input((latent,)), dense, keras.layers.Reshape(shape))


@pytest.fixture
def runtime(build_page, tmp_path):
    """Returns a stand-in for what npm installs."""
    folder = tmp_path / "node_modules" / "onnxruntime-web" / "dist"
    folder.mkdir(parents=True)
    for name in build_page.RUNTIME:
        (folder / name).write_text(name)
    return tmp_path / "node_modules"


@pytest.fixture
def build(build_page, runtime, tmp_path, monkeypatch):
    """Returns a function that builds a page, and returns its folder and what it reads."""
    monkeypatch.chdir(tmp_path)

    def run(model, *arguments):
        build_page.main([str(model), "--node-modules", str(runtime), *arguments])
        folder = tmp_path / "outputs" / "page"
        return folder, json.loads((folder / "model.json").read_text(encoding="utf-8"))

    return run


def test_every_part_of_the_page_has_a_name_that_assistive_technology_finds(build_page):
    source = (Path(build_page.__file__).parent / "index.html").read_text(encoding="utf-8")
    headings = re.findall(r'<(?:section|div)[^>]* aria-labelledby="([^"]+)"', source)
    assert len(headings) == len(re.findall(r"<section|role=.group.", source)) == 6
    assert all(f'id="{heading}"' in source for heading in headings)


def test_the_folder_has_all_that_the_page_loads(build, build_page, tmp_path, capsys):
    model = exported(pictures(), tmp_path / "model.onnx")
    for _ in range(2):  # the second time it replaces the first
        folder, description = build(model, "--title", "Zwölf Ziffern", "--sliders", "9")
        names = {*build_page.PAGE, *build_page.RUNTIME, "model.json", "model.onnx"}
        assert {path.name for path in folder.iterdir()} == names
    assert (folder / "model.onnx").read_bytes() == model.read_bytes()
    vectors = np.asarray(description.pop("directions"))
    assert description == {
        "title": "Zwölf Ziffern",
        "latent": {"name": "latent", "shape": [4]},
        "condition": None,
        "samples": {"name": "samples", "shape": [2, 3, 1], "range": [-1, 1]},
        "prior": {"name": "normal", "mean": 0, "stddev": 1},
    }
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(4), atol=1e-6)
    assert "3 x 2, gray, from -1 to 1" in capsys.readouterr().out


def test_directions_of_a_linear_generator(build, tmp_path):
    """`J` is the matrix itself, and `J^T J` has its right singular vectors as eigenvectors."""
    generator = pictures("linear")
    weights = np.random.default_rng(0).normal(size=(4, 6)) * [[3], [0.1], [1], [0.3]]
    generator.set_weights([weights, np.zeros(6)])
    model = exported(generator, tmp_path / "model.onnx")
    _, description = build(model, "--sliders", "3", "--value-range", "-9", "9")
    expected = np.linalg.svd(weights.T)[2][:3]
    cosines = np.sum(np.asarray(description["directions"]) * expected, axis=1)
    np.testing.assert_allclose(np.abs(cosines), 1, atol=1e-4)


@pytest.mark.parametrize(
    ("activation", "options", "expected"),
    [
        ("tanh", [], [-1, 1]),
        ("sigmoid", [], [0, 1]),
        ("linear", ["--value-range", "-3", "4.5"], [-3, 4.5]),
    ],
)
def test_value_range(build, tmp_path, activation, options, expected):
    model = exported(pictures(activation), tmp_path / "model.onnx")
    assert build(model, *options)[1]["samples"]["range"] == expected


def test_images_tell_their_range(build, tmp_path):
    model = tmp_path / "model.onnx"
    exported(pictures(), model, normalization=kerasgan.datasets.Tanh(0, 255))
    assert build(model)[1]["samples"]["range"] == [0, 255]


def test_a_whole_model_tells_its_prior(build, tmp_path):
    discriminator = kerasgan.networks.mlp((2, 3, 3), [4], (1,))
    prior = kerasgan.priors.Uniform(low=0.0, high=2.0)
    gan = kerasgan.GAN(pictures(shape=(2, 3, 3)), discriminator, prior=prior)
    gan.compile()
    gan.save(tmp_path / "model.keras")
    description = build(tmp_path / "model.keras")[1]
    assert description["prior"] == {"name": "uniform", "low": 0, "high": 2}
    assert description["samples"]["shape"] == [2, 3, 3]


def conditional(path):
    gan = kerasgan.ConditionalGAN(
        kerasgan.networks.mlp((3,), [], (2, 2, 1), output_activation="tanh", number_of_classes=4),
        kerasgan.networks.mlp((2, 2, 1), [], (1,), number_of_classes=4),
    )
    gan.export(path, "onnx", False)
    return path


@pytest.mark.parametrize(
    ("options", "labels"),
    [
        ([], ["0", "1", "2", "3"]),
        (["--classes", "2"], ["0", "1"]),
        (["--labels", "cat", "dog", "ölvogel"], ["cat", "dog", "ölvogel"]),
    ],
)
def test_classes(build, tmp_path, options, labels):
    condition = {"name": "condition", "type": "int32", "labels": labels}
    assert build(conditional(tmp_path / "conditional.onnx"), *options)[1]["condition"] == condition


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["nowhere.onnx"], "there is no file nowhere.onnx"),
        (["garbage.onnx"], "garbage.onnx is not an ONNX model"),
        (["judge.onnx"], "judge.onnx is a model from samples to probability"),
        (["vectors.onnx"], "samples of shape (5,)"),
        (["linear.onnx"], "black and white with --value-range"),
        (["linear.onnx", "--value-range", "2", "1"], "must have the lower value first"),
        (["pictures.onnx", "--classes", "3"], "takes no classes"),
        (["pictures.onnx", "--sliders", "0"], "--sliders must be positive, not 0"),
        (["pictures.onnx", "--node-modules", "."], "Run `npm ci"),
        (["pictures.onnx", "--output", "full"], "is not an earlier page to replace"),
        (["mixture.keras"], "The model's is a NormalMixture"),
        (["mixture.keras", "--prior", "normal"], "--prior is for .onnx files"),
        (["conditional.onnx", "--classes", "5"], "no class 4"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_what_does_not_fit_is_refused(build, tmp_path, capsys, arguments, reason):
    make = {
        "judge.onnx": lambda path: exported(pictures(), path, signature="discriminate"),
        "vectors.onnx": lambda path: exported(pictures(shape=(5,)), path),
        "linear.onnx": lambda path: exported(pictures("linear"), path),
        "pictures.onnx": lambda path: exported(pictures(), path),
        "garbage.onnx": lambda path: path.write_text("no model"),
        "mixture.keras": save_mixture,
        "conditional.onnx": conditional,
    }
    if arguments[0] in make:
        make[arguments[0]](tmp_path / arguments[0])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(SystemExit) as stopped:
        build(*arguments)
    assert stopped.value.code == 2
    assert reason in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["thesis.txt"]
    assert not (tmp_path / "outputs").exists()


def save_mixture(path):
    prior = kerasgan.priors.NormalMixture.ring(3)
    gan = kerasgan.GAN(pictures(latent=2), kerasgan.networks.mlp((2, 3, 1), [4], (1,)), prior=prior)
    gan.compile()
    gan.save(path)
