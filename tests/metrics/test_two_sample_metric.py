"""What all metrics share: models, files, provenance, and what is wrong with what comes."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

import kerasgan
from kerasgan import metrics

CENTERS = kerasgan.datasets.gaussian_mixture.ring_centers()


@keras.saving.register_keras_serializable(package="metrics_test")
def softmax(samples):
    return keras.ops.softmax(samples)


@keras.saving.register_keras_serializable(package="metrics_test")
def cubes(samples):
    return keras.ops.power(samples, 3)


def every_metric(**arguments):
    return [
        metrics.FrechetDistance(**arguments),
        metrics.KernelDistance(**arguments),
        metrics.SlicedWasserstein(**arguments),
        metrics.MongeDistance(**arguments),
        metrics.PrecisionRecall(**arguments),
        metrics.DensityCoverage(**arguments),
        metrics.ParzenLogLikelihood(**arguments),
        metrics.ModeCoverage(CENTERS, 0.05),
        metrics.InceptionScore(softmax),
    ]


LOGGED = {
    "frechet_distance": "down",
    "kernel_distance": "down",
    "sliced_wasserstein": "down",
    "monge_distance": "down",
    "precision": "up",
    "recall": "up",
    "density": "up",
    "coverage": "up",
    "parzen_log_likelihood": "up",
    "modes": "up",
    "high_quality": "up",
    "reverse_kl": "down",
    "inception_score": "up",
}


@pytest.fixture
def x():
    return kerasgan.datasets.gaussian_mixture.ring(count=110).x


@pytest.fixture
def gan():
    mlp = kerasgan.networks.mlp
    return kerasgan.GAN(mlp((3,), [8], (2,)), mlp((2,), [8], (1,)), seed=0)


def values_of(metric):
    result = metric.result()
    return result if isinstance(result, dict) else {metric.name: result}


def test_every_value_stands_in_history_and_is_that_of_all_samples(gan, x):
    made = every_metric()
    gan.compile(metrics=made)
    # The last batch is smaller than the others.
    history = gan.fit(x, batch_size=50, epochs=2, validation_data=x, verbose=0).history
    fake = made[4]._gathered["fake"].read()["samples"]
    assert fake.shape == x.shape
    for metric in every_metric():
        metric.update_state(x, fake)
        for name, value in values_of(metric).items():
            assert len(history[f"val_{name}"]) == 2
            assert history[f"val_{name}"][1] == pytest.approx(float(value), rel=1e-5, abs=1e-6)
            assert name not in history


@pytest.mark.parametrize(
    "arguments",
    [{"steps_per_execution": 2}, {"jit_compile": True}, {"run_eagerly": True}],
    ids=["several steps", "jit", "eager"],
)
def test_a_value_is_that_of_all_samples_however_steps_are_run(gan, x, arguments):
    made = [metrics.FrechetDistance(), metrics.SlicedWasserstein()]
    gan.compile(metrics=made, **arguments)
    found = gan.evaluate(x, batch_size=50, verbose=0, return_dict=True)
    fake = made[1]._gathered["fake"].read()["samples"]
    assert fake.shape == x.shape
    for metric in [metrics.FrechetDistance(), metrics.SlicedWasserstein()]:
        metric.update_state(x, fake)
        assert found[metric.name] == pytest.approx(float(metric.result()), rel=1e-5)


def test_names_and_directions():
    directions = {}
    for metric in every_metric():
        directions.update(metric.directions)
        if len(metric.directions) == 1:
            assert metric._direction == metric.directions[metric.name]
    assert directions == LOGGED
    assert metrics.FrechetDistance(name="fid").directions == {"fid": "down"}
    named = metrics.PrecisionRecall(name="raw")
    assert list(named.directions) == ["raw_precision", "raw_recall"]
    assert set(named.placeholder()) == {"raw_precision", "raw_recall"}


def test_callbacks_choose_by_a_metric(gan, x, tmp_path):
    gan.compile(
        metrics=[
            metrics.FrechetDistance(),
            metrics.InceptionScore(softmax),
            metrics.PrecisionRecall(),
        ],
        run_eagerly=True,
    )
    stopping = keras.callbacks.EarlyStopping("val_frechet_distance")
    path = tmp_path / "best.keras"
    best = keras.callbacks.ModelCheckpoint(
        path, monitor="val_inception_score", save_best_only=True, verbose=0
    )
    # Of a metric of several values each is monitored by its own name.
    several = keras.callbacks.EarlyStopping("val_recall", mode="max")
    callbacks = [stopping, best, several]
    history = gan.fit(x, validation_data=x, verbose=0, callbacks=callbacks).history
    assert several.best == history["val_recall"][0]
    assert stopping.monitor_op(1.0, 2.0)
    assert best.monitor_op(2.0, 1.0)
    assert path.exists()


@pytest.mark.deterministic
def test_a_saved_model_measures_the_same(gan, x, tmp_path):
    features = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "tanh")])
    made = [metrics.FrechetDistance(features), metrics.DensityCoverage(features, k=2)]
    gan.compile(metrics=made, run_eagerly=True)
    expected = gan.evaluate(x, verbose=0, return_dict=True)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    assert loaded.evaluate(x, verbose=0, return_dict=True) == expected


def test_evaluating_before_a_backup_changes_nothing_in_it(gan, x, tmp_path):
    made = [metrics.FrechetDistance(), metrics.PrecisionRecall()]
    gan.compile(metrics=made, run_eagerly=True)
    before = len(gan.state())
    gan.evaluate(x, verbose=0)
    assert len(gan.state()) == before
    assert max(np.prod(tuple(variable.shape)) for variable in gan.state()) < 10_000


def test_nothing_seen_yet_is_no_number():
    for metric in every_metric():
        assert all(np.isnan(float(value)) for value in values_of(metric).values())
        metric.update_state(np.ones((4, 2)), np.ones((4, 2)))
        metric.reset_state()
        assert all(np.isnan(float(value)) for value in values_of(metric).values())


def test_real_comes_first(generator):
    """Only the second argument is looked at by the scores of generated samples; recall is of the first."""
    fake = np.eye(3)
    score = metrics.InceptionScore(lambda samples: samples)
    score.update_state(np.full((3, 3), 1 / 3), fake)
    assert float(score.result()) == pytest.approx(3.0)
    real = generator.normal(size=(50, 2))
    narrow = metrics.PrecisionRecall()
    narrow.update_state(real, real[:10])
    assert float(narrow.result()["precision"]) == 1.0
    assert float(narrow.result()["recall"]) < 1.0


def test_samples_of_any_rank_and_functions_of_them(generator):
    images = generator.normal(size=(2, 60, 2, 3, 1))
    flat = metrics.FrechetDistance()
    flat.update_state(*images.reshape(2, 60, 6))
    whole = metrics.FrechetDistance()
    whole.update_state(*images)
    assert float(flat.result()) == pytest.approx(float(whole.result()))
    function = metrics.FrechetDistance(cubes)
    function.update_state(*images)
    cubed = metrics.FrechetDistance()
    cubed.update_state(*(images**3))
    assert float(function.result()) == pytest.approx(float(cubed.result()))


@pytest.mark.parametrize("wrong", [3, "frechet", metrics.FrechetDistance])
def test_what_is_no_extractor(wrong):
    with pytest.raises((TypeError, ValueError), match="`features`|Invalid"):
        metrics.FrechetDistance(wrong)


def test_different_feature_sizes():
    metric = metrics.FrechetDistance()
    with pytest.raises(
        ValueError, match="`fake`. Expected 2 features of each sample.* Received: 3"
    ):
        metric.update_state(np.zeros((4, 2)), np.zeros((4, 3)))


@pytest.mark.parametrize("side", ["real", "fake"])
def test_nan_features_are_named(side, generator):
    for metric in every_metric():
        if side not in metric.sides:
            continue
        samples = {name: generator.random((20, 2)) for name in ("real", "fake")}
        samples[side][7, 1] = np.nan
        metric.update_state(**samples)
        with pytest.raises(ValueError, match=f"`{side}`. Expected finite features"):
            metric.result()


def test_samples_beyond_the_capacity_are_left_out_aloud(generator):
    real, fake = generator.normal(size=(2, 30, 2))
    expected = metrics.SlicedWasserstein()
    expected.update_state(real[:25], fake[:25])
    metric = metrics.SlicedWasserstein(capacity=25)
    for start in range(0, 30, 10):
        metric.update_state(real[start:][:10], fake[start:][:10])
    message = "keeps the first 25 {} samples and leaves out 5"
    with (
        pytest.warns(UserWarning, match=message.format("real")),
        pytest.warns(UserWarning, match=message.format("fake")),
    ):
        value = float(metric.result())
    assert value == pytest.approx(float(expected.result()), rel=1e-12)
    provenance = metric.provenance()
    assert provenance["real_samples"] == provenance["fake_samples"] == 25
    assert provenance["fake_samples_left_out"] == 5


def test_provenance_says_how_a_value_came_about(generator):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)], name="eye")
    metric = metrics.SlicedWasserstein(model, seed=5)
    metric.update_state(*generator.normal(size=(2, 30, 2)))
    metric.result()
    provenance = json.loads(json.dumps(metric.provenance()))
    assert provenance["settings"]["seed"] == 5
    assert provenance["extractor"]["name"] == "eye"
    assert provenance["extractor"]["parameters"] == 6
    assert provenance["real_samples"] == provenance["fake_samples"] == 30
    assert provenance["versions"]["kerasgan"] == kerasgan.__version__
    before = provenance["extractor"]["weights_sha256"]
    model.set_weights([2 * weight + 1 for weight in model.get_weights()])
    assert metric.provenance()["extractor"]["weights_sha256"] != before


@pytest.mark.parametrize("index", range(7))
def test_statistics_of_the_real_samples_are_computed_once(index, x, generator, tmp_path):
    fake, path = generator.normal(size=(80, 2)), tmp_path / "real.npz"
    expected, metric = every_metric()[index], every_metric()[index]
    expected.update_state(x, fake)
    metric.precompute(x, cache=path, batch_size=33)
    # The real samples of the evaluation are not looked at any more.
    metric.update_state(None, fake)
    for name, value in values_of(expected).items():
        assert float(values_of(metric)[name]) == pytest.approx(float(value), rel=1e-9)
    again = type(metric).from_config(metric.get_config())
    again.update_state(None, fake)
    again.reset_state()
    again.update_state(None, fake)
    for name, value in values_of(metric).items():
        assert float(values_of(again)[name]) == float(value)
    assert again.provenance()["real_samples"] == len(x)
    assert again.provenance()["real_statistics"] == str(path)


def test_the_cache_is_read_and_not_computed(x, tmp_path):
    calls = []

    def counted(samples):
        calls.append(len(samples))
        return samples

    metric = metrics.FrechetDistance(counted)
    metric.precompute(x, tmp_path / "real.npz")
    assert calls == [110]
    metrics.FrechetDistance(counted).precompute(x, tmp_path / "real.npz")
    assert calls == [110]


def test_the_cache_of_something_else_is_refused(x, tmp_path):
    path = tmp_path / "real.npz"
    metrics.SlicedWasserstein().precompute(x, path)
    for other, data, what in [
        (metrics.SlicedWasserstein(), x + 1, "data_sha256"),
        (metrics.SlicedWasserstein(seed=1), x, "settings"),
        (metrics.SlicedWasserstein(cubes), x, "extractor"),
        (metrics.MongeDistance(), x, "metric"),
    ]:
        with pytest.raises(ValueError, match=f"Expected statistics with {what}="):
            other.precompute(data, path)
    path.write_bytes(b"PK")
    with pytest.raises(ValueError, match="cannot be read"):
        metrics.SlicedWasserstein(real_statistics=path)
    with pytest.raises(FileNotFoundError, match="Expected a file that `precompute` wrote"):
        metrics.SlicedWasserstein(real_statistics=tmp_path / "none.npz")


def test_statistics_of_too_few_or_none(tmp_path):
    with pytest.raises(ValueError, match="Expected more samples than the 2 features"):
        metrics.FrechetDistance().precompute(np.zeros((2, 2)), tmp_path / "real.npz")
    with pytest.raises(ValueError, match="Expected samples"):
        metrics.FrechetDistance().precompute(np.zeros((0, 2)), tmp_path / "real.npz")
    assert not (tmp_path / "real.npz").exists()
    with pytest.raises(TypeError, match="generated samples alone"):
        metrics.ModeCoverage(CENTERS, 0.1).precompute(CENTERS, tmp_path / "real.npz")


def test_too_few_samples_for_a_kernel():
    metric = metrics.KernelDistance()
    metric.update_state(np.zeros((1, 2)), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="Expected at least 2 samples for `kernel_distance`"):
        metric.result()


def test_on_two_replicas_the_values_are_those_of_one_device(answer_of):
    one, two = answer_of(Path(__file__).with_name("on_two_replicas.py"))
    assert one == pytest.approx(two, rel=1e-5)
