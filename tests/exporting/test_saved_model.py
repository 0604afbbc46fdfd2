"""A SavedModel serves every use of a model, by name, without Keras and without this package."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from exported_models import MAKE, ROWS, images, made, samples_of, uses

import kerasgan
from kerasgan.datasets import Dataset, MinMax, Tanh, ZScore

SERVER = Path(__file__).with_name("serve.py")
GAME = {"serving_default", "generate", "sample_latent", "discriminate", "serve"}
AUTO_ENCODER = GAME | {"encode", "decode", "reconstruct"}
SIGNATURES = {
    "auto_encoder": AUTO_ENCODER,
    "labeled_auto_encoder": AUTO_ENCODER,
    "noisy_gan": GAME - {"sample_latent"},  # whose samples are not those of latent ones alone
    "ebgan": GAME | {"energy"},
    "energy_based_auto_encoder": AUTO_ENCODER | {"energy"},
    "cycle_gan": {"serving_default", "serve", "translate_to_a", "translate_to_b"}
    | {"discriminate_a", "discriminate_b"},
    "semi_supervised_gan": GAME | {"classify"},
    "ganomaly": (GAME - {"generate", "sample_latent"}) | {"reconstruct", "anomaly_score"},
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """Exports every model; returns the folder, and what each is asked and should answer."""
    folder = tmp_path_factory.mktemp("exports")
    asked = {}
    for name in MAKE:
        model = made(name)
        model.export(folder / name, verbose=False)
        asked[name] = uses(model)
    return folder, asked


@pytest.fixture(scope="module")
def answers(exports):
    """What a process with TensorFlow alone answers."""
    folder, asked = exports
    requests = {
        f"{model}/{signature}/{name}": value
        for model, all_uses in asked.items()
        for signature, (inputs, _) in all_uses.items()
        for name, value in inputs.items()
    }
    np.savez(folder / "requests.npz", **requests)
    subprocess.run([sys.executable, SERVER, folder], check=True, timeout=300)
    with np.load(folder / "answers.npz") as file:
        return dict(file)


@pytest.mark.parametrize("name", MAKE)
def test_a_process_without_keras_gives_the_numbers_of_the_model(name, exports, answers):
    for signature, (_, outputs) in exports[1][name].items():
        served = {key for key in answers if key.startswith(f"{name}/{signature}/")}
        assert served == {f"{name}/{signature}/{output}" for output in outputs}
        for output, expected in outputs.items():
            answer = answers[f"{name}/{signature}/{output}"]
            assert answer.dtype == expected.dtype
            np.testing.assert_allclose(answer, expected, rtol=1e-5, atol=1e-5, err_msg=signature)


@pytest.mark.parametrize("name", MAKE)
def test_there_is_a_signature_for_each_use(name, exports):
    loaded = tf.saved_model.load(str(exports[0] / name))
    assert set(loaded.signatures) == SIGNATURES.get(name, GAME)
    conditional = name in ("conditional_gan", "labeled_auto_encoder")
    for signature, function in loaded.signatures.items():
        if signature == "serve":
            continue
        inputs = function.structured_input_signature[1]
        for argument, item in inputs.items():
            # The batch is free, and numbers are numbers.
            first = [] if argument in ("count", "seed") else [None]
            assert item.shape.as_list()[:1] == first
        takes_none = {"encode"} if name == "labeled_auto_encoder" else {"sample_latent"}
        assert ("condition" in inputs) == (conditional and signature not in takes_none)


def test_generate_draws_the_same_from_the_same_seed_and_moves_nothing(exports):
    for name in ("noisy_gan", "labeled_auto_encoder"):
        loaded = tf.saved_model.load(str(exports[0] / name))
        before = [variable.numpy() for variable in loaded._all_variables]
        condition = {"condition": tf.constant([1])} if name == "labeled_auto_encoder" else {}

        def draw(count, seed, loaded=loaded, condition=condition):
            number = {"count": tf.constant(count), "seed": tf.constant(seed, tf.int64)}
            return loaded.generate(**number, **condition)["samples"].numpy()

        first = draw(9, 4)
        assert len(first) == 9
        np.testing.assert_array_equal(first, draw(9, 4))
        assert not np.array_equal(first, draw(9, 5))
        assert len(np.unique(first.reshape(9, -1), axis=0)) == 9
        assert len(draw(1, 2**40)) == 1
        for variable, value in zip(loaded._all_variables, before, strict=True):
            np.testing.assert_array_equal(variable.numpy(), value)


@pytest.mark.parametrize(
    "name", [name for name in MAKE if "sample_latent" in SIGNATURES.get(name, GAME)]
)
def test_generate_makes_samples_of_what_sample_latent_draws(name, exports):
    loaded = tf.saved_model.load(str(exports[0] / name)).signatures
    for count, seed in ((5, 0), (1, 2**32 - 1)):
        number = {"count": tf.constant(count), "seed": tf.constant(seed, tf.int64)}
        condition = {"condition": tf.constant([0, 1, 2, 1, 0][:count])}
        latent = called(loaded["sample_latent"], **number, **condition)
        assert len(latent["latent"]) == count
        of_latent = called(loaded["serving_default"], **latent, **condition)["samples"]
        generated = called(loaded["generate"], **number, **condition)["samples"]
        np.testing.assert_allclose(of_latent, generated, rtol=1e-5, atol=1e-5)


def called(signature, **tensors):
    """Returns what a signature makes of those tensors that it takes."""
    return signature(**{key: tensors[key] for key in signature.structured_input_signature[1]})


def test_a_mixture_draws_the_component_of_each_label():
    prior = kerasgan.priors.NormalMixture.ring(3, radius=10.0, stddev=0.1)
    identity = keras.Sequential([keras.Input((2,)), keras.layers.Identity()])
    inputs = [keras.Input((2,)), keras.Input((4,))]
    discriminator = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(inputs)))
    model = kerasgan.AdversarialAutoEncoder(identity, identity, discriminator, prior=prior)
    generate = tf.function(model.signatures()["generate"].function)
    labels = np.array([0, 1, 2] * 20)
    drawn = generate(count=tf.constant(60), seed=tf.constant(3, tf.int64), condition=labels)
    offsets = drawn["samples"].numpy() - prior.means[labels]
    # 120 draws of deviation 0.1: none is 6 deviations off, and the other components are 170.
    assert np.abs(offsets).max() < 0.6
    assert 0.07 < offsets.std() < 0.13


def test_a_single_condition_is_for_all(exports):
    loaded = tf.saved_model.load(str(exports[0] / "conditional_gan"))
    number = {"count": tf.constant(4), "seed": tf.constant(1, tf.int64)}
    one = loaded.generate(**number, condition=tf.constant([2]))["samples"]
    each = loaded.generate(**number, condition=tf.constant([2] * 4))["samples"]
    np.testing.assert_array_equal(one, each)
    with pytest.raises(tf.errors.InvalidArgumentError, match="[Ii]ncompatible shapes"):
        loaded.generate(**number, condition=tf.constant([2, 1]))


def test_the_averages_are_exported_and_the_weights_stay(exports, tmp_path):
    model = made("gan")
    weights = model.get_weights()
    model.export(tmp_path / "again", verbose=False)
    for one, other in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(one, other)
    latent, served = (
        next(iter(each.values())) for each in uses(model, ["serving_default"])["serving_default"]
    )
    raw = model.generator.predict(latent, verbose=0)
    # The claim of the other tests is about the average only if it is not the last weights.
    assert np.abs(raw - served).max() > 1e-3


class TestUnitsOfTheData:
    def test_images_go_out_as_the_data_set_makes_them(self, tmp_path):
        model, normalization = images(), Tanh(0, 255)
        data = Dataset(x=samples_of(model), normalization=normalization, images=True)
        model.export(tmp_path / "images", verbose=False, normalization=normalization)
        loaded = tf.saved_model.load(str(tmp_path / "images"))
        served = loaded.generate(count=tf.constant(6), seed=tf.constant(3, tf.int64))["samples"]
        assert served.dtype == tf.uint8
        expected = data.invert(model.generate(6, seed=3))
        # Where rounding meets a half, the last bit of a float may tip it.
        assert np.abs(served.numpy().astype(int) - expected).max() <= 1
        assert (served.numpy() == expected).mean() > 0.99
        assert expected.std() > 1

    def test_images_go_in_as_they_go_out(self, tmp_path):
        model, normalization = images(), MinMax(0, 255)
        model.export(tmp_path / "images", verbose=False, normalization=normalization)
        loaded = tf.saved_model.load(str(tmp_path / "images"))
        pictures = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1)).astype("uint8")
        np.testing.assert_allclose(
            loaded.discriminate(samples=pictures)["probability"],
            model.discriminate(normalization(pictures)),
            atol=1e-5,
        )
        assert not hasattr(loaded, "serve")  # it would speak in other units

    @pytest.mark.parametrize(("images_asked", "dtype"), [(None, tf.float32), (True, tf.uint8)])
    def test_other_data_keep_their_fractions(self, images_asked, dtype, tmp_path):
        model, normalization = images(), ZScore(100.0, 50.0)
        units = {"normalization": normalization, "images": images_asked}
        model.export(tmp_path / "data", verbose=False, **units)
        loaded = tf.saved_model.load(str(tmp_path / "data"))
        latent = np.ones((ROWS, 6), "float32")
        served = loaded.serving_default(latent=latent)["samples"]
        assert served.dtype == dtype
        expected = normalization.invert(model.predict(latent, verbose=0))
        if dtype == tf.uint8:
            expected = np.clip(expected, 0, 255)
        tolerance = 0.51 if dtype == tf.uint8 else 1e-4  # values are near 100
        np.testing.assert_allclose(tf.cast(served, "float32"), expected, atol=tolerance)

    def test_data_far_from_0_keep_their_digits(self, tmp_path):
        model, normalization = images(), MinMax(1_700_000_000, 1_700_000_099)
        model.export(tmp_path / "times", verbose=False, normalization=normalization)
        loaded = tf.saved_model.load(str(tmp_path / "times"))
        latent = np.ones((ROWS, 6), "float32")
        served = loaded.serving_default(latent=latent)["samples"].numpy()
        raw = model.predict(latent, verbose=0).astype("float64")
        np.testing.assert_allclose(served - 1.7e9, 99 * raw, atol=1e-5)
        np.testing.assert_allclose(
            loaded.discriminate(samples=served)["probability"],
            model.discriminate(raw.astype("float32")),
            atol=1e-6,
        )

    def test_what_is_no_fitted_normalization_is_refused(self, tmp_path):
        with pytest.raises(TypeError, match="normalization"):
            images().export(tmp_path / "a", normalization="tanh")
        with pytest.raises(ValueError, match="`normalization`. Expected one that knows"):
            images().export(tmp_path / "a", normalization=Tanh())
        with pytest.raises(ValueError, match="`images`"):
            images().export(tmp_path / "a", images=True)
        assert list(tmp_path.iterdir()) == []


class TestWriting:
    def test_an_earlier_export_is_replaced(self, tmp_path):
        for kernel in (1.0, 2.0):
            model = kerasgan.GAN(*_players(kernel))
            model.export(tmp_path / "gan", verbose=False)
        loaded = tf.saved_model.load(str(tmp_path / "gan"))
        made = loaded.serving_default(latent=np.ones((1, 1), "float32"))["samples"]
        np.testing.assert_array_equal(made, [[2.0]])
        assert [path.name for path in tmp_path.iterdir()] == ["gan"]

    def test_a_failed_export_leaves_the_earlier_one(self, tmp_path, monkeypatch):
        model = kerasgan.GAN(*_players(1.0))
        model.export(tmp_path / "gan", verbose=False)
        before = _contents(tmp_path)

        def half_written(trackable, path, **arguments):
            Path(path).mkdir()
            (Path(path) / "saved_model.pb").write_bytes(b"half")
            raise OSError("No space left on device")

        monkeypatch.setattr(tf.saved_model, "save", half_written)
        with pytest.raises(OSError, match="No space left"):
            model.export(tmp_path / "gan", verbose=False)
        assert _contents(tmp_path) == before

    def test_an_interruption_between_the_renames_leaves_the_earlier_one(
        self, tmp_path, monkeypatch
    ):
        model = kerasgan.GAN(*_players(1.0))
        model.export(tmp_path / "gan", verbose=False)
        before = _contents(tmp_path)
        rename = Path.rename

        def interrupted(self, target):
            if ".new." in self.name:
                raise KeyboardInterrupt
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.export(tmp_path / "gan", verbose=False)
        assert _contents(tmp_path) == before

    def test_files_that_are_no_export_are_never_replaced(self, tmp_path):
        model = kerasgan.GAN(*_players(1.0))
        model.export(tmp_path / "gan", verbose=False)
        (tmp_path / "gan" / "notes.txt").write_text("mine")
        (tmp_path / "file").write_text("mine")
        (tmp_path / "site" / "assets").mkdir(parents=True)
        before = _contents(tmp_path)
        for target in (tmp_path, tmp_path / "gan", tmp_path / "file", tmp_path / "site"):
            with pytest.raises(ValueError, match="an earlier one of this kind"):
                model.export(target, verbose=False)
        assert _contents(tmp_path) == before

    def test_it_says_what_it_wrote(self, tmp_path, capsys):
        kerasgan.GAN(*_players(1.0)).export(tmp_path / "gan")
        printed = capsys.readouterr().out
        assert f"Exported '{tmp_path / 'gan'}'" in printed
        assert "generate(count: int32 (), seed: int64 ())" in printed
        assert "serving_default(latent: float32 (None, 1))" in printed


def test_an_input_signature_asks_for_the_call_alone_as_in_keras(tmp_path):
    model = kerasgan.GAN(*_players(1.0))
    inputs = [keras.InputSpec(shape=(2, 1), dtype="float32")]
    model.export(tmp_path / "call", input_signature=inputs, verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "call"))
    assert set(loaded.signatures) == {"serve", "serving_default"}
    with pytest.raises(ValueError, match="`normalization`"):
        model.export(tmp_path / "b", input_signature=inputs, normalization=Tanh(0, 1))


def _players(kernel):
    constant = keras.initializers.Constant(kernel)
    layers = [keras.layers.Dense(1, kernel_initializer=each) for each in (constant, "ones")]
    return [keras.Sequential([keras.Input((1,)), layer]) for layer in layers]


def _contents(folder):
    return {str(path): path.is_file() and path.read_bytes() for path in folder.rglob("*")}


@keras.saving.register_keras_serializable(package="tests")
class Looked(keras.layers.Layer):
    """A layer with a lookup table of TensorFlow and a weight."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        pairs = tf.lookup.KeyValueTensorInitializer(
            tf.constant([0, 1], "int64"), tf.constant([5.0, 7.0])
        )
        self.table = tf.lookup.StaticHashTable(pairs, default_value=-1.0)
        self.factor = self.add_weight(shape=(), initializer="ones")

    def call(self, x):
        return x * self.factor * self.table.lookup(tf.ones_like(x, "int64"))


def test_weights_are_written_once_and_lookup_tables_are_served(tmp_path):
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), Looked()])
    gan = kerasgan.GAN(generator, keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    gan.compile()
    gan.export(tmp_path / "exported", verbose=False)
    files = tf.train.list_variables(str(tmp_path / "exported" / "variables" / "variables"))
    assert sum(len(shape) == 2 for _, shape in files) == 2  # the kernels of both
    served = tf.saved_model.load(str(tmp_path / "exported"))
    samples = served.signatures["generate"](count=tf.constant(4), seed=tf.constant(1, "int64"))
    np.testing.assert_allclose(samples["samples"], gan.generate(4, seed=1), rtol=1e-5)
