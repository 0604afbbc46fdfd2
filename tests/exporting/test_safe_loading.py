"""Loading a file runs nothing that is written in it, and nothing in the package pickles."""

import ast
import json
import sys
import zipfile
from pathlib import Path

import exported_models
import keras
import pytest
from exported_models import MAKE

import kerasgan

PACKAGE = Path(kerasgan.__file__).parent


@pytest.fixture
def marker(tmp_path, monkeypatch):
    """A file that appears if code of a loaded file has run."""
    monkeypatch.setenv("MARKER", str(tmp_path / "code_has_run"))
    return tmp_path / "code_has_run"


@pytest.fixture
def module_that_must_not_be_imported(tmp_path, marker, monkeypatch):
    """A module on the path, which leaves the marker where it is imported or used."""
    source = (
        f"import pathlib\npathlib.Path({str(marker)!r}).touch()\n\n\ndef run(*a, **b):\n    pass\n"
    )
    (tmp_path / "crafted_module.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "crafted_module"
    sys.modules.pop("crafted_module", None)


def with_lambda(model):
    """Returns an equal model, whose first sub-model ends in a layer of code that leaves the marker."""
    names = ("encoder", "generator", "generator_a_to_b")
    name = next(name for name in names if hasattr(model, name))
    layer = keras.layers.Lambda(
        lambda x: (__import__("pathlib").Path(__import__("os").environ["MARKER"]).touch(), x)[1]
    )
    original = getattr(model, name)
    inputs = original.inputs if len(original.inputs) > 1 else original.inputs[0]
    config = model.get_config()
    config[name] = keras.saving.serialize_keras_object(keras.Model(inputs, layer(original(inputs))))
    return keras.saving.deserialize_keras_object(
        {**keras.saving.serialize_keras_object(model), "config": config}, safe_mode=False
    )


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_code_in_a_layer_does_not_run(name, tmp_path, marker):
    with_lambda(MAKE[name]()).save(tmp_path / "model.keras")
    marker.unlink(missing_ok=True)
    with pytest.raises((ValueError, TypeError), match="safe_mode|unsafe"):
        keras.models.load_model(tmp_path / "model.keras")
    assert not marker.exists()


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_the_same_code_runs_where_the_user_allows_it(tmp_path, marker):
    """So that the test above could fail."""
    with_lambda(MAKE["critic"]()).save(tmp_path / "model.keras")
    marker.unlink(missing_ok=True)
    keras.models.load_model(tmp_path / "model.keras", safe_mode=False)
    assert marker.exists()


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
def test_a_function_in_a_configuration_does_not_run(tmp_path, marker):
    """A prior, features and a loss may be functions; those without a name hold code."""
    config = keras.saving.serialize_keras_object(
        lambda *values, **others: (
            __import__("pathlib").Path(__import__("os").environ["MARKER"]).touch()
        )
    )
    assert config["class_name"] == "__lambda__"
    for name, part in (("gan", "prior"), ("ganomaly", "features")):
        model = MAKE[name]()
        model.compile()
        path = _saved_with(model, tmp_path, lambda saved, part=part: saved["config"], part, config)
        with pytest.raises((ValueError, TypeError), match="safe_mode|unsafe"):
            keras.models.load_model(path)
    model = MAKE["critic"]()
    model.compile(generator_optimizer="adam")
    for part in ("loss", "penalties", "generator_optimizer", "metrics"):
        path = _saved_with(model, tmp_path, lambda saved: saved["compile_config"], part, config)
        with pytest.raises((ValueError, TypeError), match="safe_mode|unsafe"):
            keras.models.load_model(path)
    assert not marker.exists()


@pytest.mark.parametrize("kind", ["function", "class"])
@pytest.mark.parametrize("part", ["prior", "generator", "discriminator", "loss", "penalties"])
def test_a_configuration_cannot_name_any_module(
    part, kind, tmp_path, marker, module_that_must_not_be_imported
):
    module = module_that_must_not_be_imported
    crafted = {"module": module, "registered_name": None}
    crafted |= (
        {"class_name": "function", "config": "run"}
        if kind == "function"
        else {"class_name": "run", "config": {}}
    )
    model = MAKE["critic"]()
    model.compile()
    place = "compile_config" if part in ("loss", "penalties") else "config"
    path = _saved_with(model, tmp_path, lambda saved: saved[place], part, crafted)
    with pytest.raises((ValueError, TypeError)):
        keras.models.load_model(path)
    assert not marker.exists()
    assert module not in sys.modules


ACTING = {
    "function": {"module": "keras.config", "class_name": "function", "config": "set_epsilon"},
    "class": {"module": "keras.config", "class_name": "set_epsilon", "config": {}},
    "dotted": {"module": "keras", "class_name": "function", "config": "config.set_epsilon"},
    "download": {
        "module": "keras.datasets.mnist",
        "class_name": "function",
        "config": "load_data",
    },
    "weights": {"module": "keras.applications", "class_name": "function", "config": "ResNet50V2"},
    "made": {"module": "keras.layers", "class_name": "function", "config": "Lambda"},
    "loader": {"module": "keras.losses", "class_name": "function", "config": "deserialize"},
}


def _ours(name, /, **config):
    return {
        "module": "kerasgan",
        "class_name": name,
        "config": config,
        "registered_name": f"kerasgan>{name}",
    }


def _features(function):
    features = _ours("FunctionFeatures", function=function)
    return [_ours("FrechetDistance", features=features, real_statistics=None, name="d")]


def _denoising():
    network, with_features = exported_models.dense, exported_models.with_features
    return kerasgan.DenoisingFeatureMatchingGAN(
        network(3, 5), with_features(5), network(4, 4), features="hidden"
    )


# Every place of a file in which a function may stand: the model, the part, and what holds the function there.
PLACES = {
    "prior": ("critic", "prior", lambda function: function),
    "function prior": (
        "critic",
        "prior",
        lambda function: _ours("FunctionPrior", function=function, shape=[3]),
    ),
    "sum of priors": (
        "critic",
        "prior",
        lambda function: _ours("Sum", priors=[function], shape=None),
    ),
    "generator": ("critic", "generator", lambda function: function),
    "encoder of a discriminator": (
        "ebgan",
        "discriminator",
        lambda function: _ours("AutoEncoder", encoder=function, decoder=function),
    ),
    "features": ("ganomaly", "features", lambda function: function),
    "classifier's features": ("semi_supervised_gan", "features", lambda function: function),
    "denoised features": (_denoising, "features", lambda function: function),
    "loss": ("critic", "loss", lambda function: function),
    "function loss": ("critic", "loss", lambda function: _ours("FunctionLoss", function=function)),
    "margin": ("ebgan", "margin", lambda function: function),
    "reconstruction loss": ("auto_encoder", "reconstruction_loss", lambda function: function),
    "penalty": ("critic", "penalties", lambda function: [function]),
    "matched features": (
        "critic",
        "penalties",
        lambda function: [
            _ours("FeatureMatching", features=function, weight=1.0, sample_weight=0.0)
        ],
    ),
    "penalized reconstruction": (
        "conditional_gan",
        "penalties",
        lambda function: [_ours("Reconstruction", loss=function, weight=1.0, features=None)],
    ),
    "metric": ("critic", "metrics", lambda function: [function]),
    "metric's features": ("critic", "metrics", _features),
    "optimizer": ("critic", "generator_optimizer", lambda function: function),
}


@pytest.mark.parametrize(
    ("place", "function"),
    [*((place, "function") for place in PLACES), *(("loss", kind) for kind in list(ACTING)[1:])],
)
def test_a_configuration_cannot_name_a_function_of_keras_that_acts(place, function, tmp_path):
    make, part, holding = PLACES[place]
    model = MAKE.get(make, make)()
    model.compile(**({part: "adam"} if part == "generator_optimizer" else {}))
    epsilon = keras.config.epsilon()
    path = _saved_with(model, tmp_path, _holder(part), part, holding(ACTING[function]))
    try:
        with pytest.raises(ValueError, match="Invalid function in a saved configuration"):
            keras.models.load_model(path)
        assert keras.config.epsilon() == epsilon
    finally:
        keras.config.set_epsilon(epsilon)


def _holder(part):
    return lambda saved: saved["config"] if part in saved["config"] else saved["compile_config"]


@keras.saving.register_keras_serializable(package="tests_safe_loading")
def hidden_layer(discriminator):
    return keras.Model(discriminator.inputs, discriminator.layers[0].output)


@keras.saving.register_keras_serializable(package="tests_safe_loading")
def differences(real, fake):
    return fake - real, real - fake


def test_functions_that_only_compute_are_loaded(tmp_path):
    model = kerasgan.AdversarialAutoEncoder(
        exported_models.dense(4, 2),
        exported_models.dense(2, 4),
        exported_models.dense(2, 1),
        prior=keras.random.truncated_normal,
    )
    model.compile(
        loss=differences,
        reconstruction_loss=keras.losses.mean_absolute_error,
        penalties=[kerasgan.penalties.FeatureMatching(hidden_layer)],
        metrics=[kerasgan.metrics.FrechetDistance(keras.ops.abs)],
    )
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.prior.function is keras.random.truncated_normal
    compiled = loaded.settings
    assert compiled["loss"].function is differences
    assert compiled["reconstruction_loss"] is keras.losses.mean_absolute_error
    assert compiled["penalties"][0].features is hidden_layer
    assert loaded.compiled_game.metrics[0].features.function is keras.ops.abs


def test_functions_given_to_load_model_are_loaded(tmp_path):
    def unregistered(real, fake):
        return fake - real, real - fake

    model = MAKE["critic"]()
    model.compile(loss=unregistered)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"unregistered": unregistered}
    )
    assert loaded.settings["loss"].function is unregistered


def _saved_with(model, folder, place, part, config):
    """Saves a model, and writes something else into a place of its configuration."""
    model.save(folder / "sound.keras")
    path = folder / "crafted.keras"
    with zipfile.ZipFile(folder / "sound.keras") as sound, zipfile.ZipFile(path, "w") as crafted:
        for name in sound.namelist():
            content = sound.read(name)
            if name == "config.json":
                saved = json.loads(content)
                assert part in place(saved)
                place(saved)[part] = config
                content = json.dumps(saved).encode()
            crafted.writestr(name, content)
    return path


def faults(source):
    """Lists what in a module would run code that comes from a file, or take a function unseen."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr == "deserialize_keras_object":
            found.append(node.attr)
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
            unsafe = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
            found += [name for name in names if name.split(".")[0] in unsafe]
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).split(".")[-1]
            found += [name] if name in ("eval", "exec", "enable_unsafe_deserialization") else []
            for keyword in node.keywords:
                given = keyword.value
                constant = given.value if isinstance(given, ast.Constant) else None
                safe = {"allow_pickle": False, "safe_mode": True}
                if keyword.arg in safe and constant is not safe[keyword.arg]:
                    found.append(f"{name}({keyword.arg}={ast.unparse(given)})")
    return found


def test_the_package_neither_pickles_nor_lifts_the_safe_mode():
    found = {
        str(path.relative_to(PACKAGE)): faults(path.read_text()) for path in PACKAGE.rglob("*.py")
    }
    assert len(found) > 50
    # The average copies the user's own model, which is in memory and in no file.
    copies = ["deserialize_keras_object(safe_mode=False)", "deserialize_keras_object"]
    allowed = {
        "optimizers/moving_average.py": copies,
        # The one place that makes objects of a file, and looks at what came.
        "registry.py": ["deserialize_keras_object"],
    }
    assert {path: some for path, some in found.items() if some} == allowed


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "np.load(f, allow_pickle=True)",
        "np.load(f, allow_pickle=flag)",
        "keras.models.load_model(f, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
        "keras.saving.deserialize_keras_object(config)",
        "make = keras.saving.deserialize_keras_object",
        "eval(text)",
    ],
)
def test_a_fault_is_found(source):
    assert len(faults(source)) == 1


@pytest.mark.parametrize("name", MAKE)
def test_a_model_that_was_never_compiled_loads_as_such(name, tmp_path):
    MAKE[name]().save(tmp_path / "model.keras")
    assert not keras.models.load_model(tmp_path / "model.keras").compiled
