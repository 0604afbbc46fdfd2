"""The AUROC against closed forms and scikit-learn, the threshold, and that training does not notice."""

import contextlib
import copy
import csv
import functools
import random

import keras
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import kerasgan
from kerasgan.callbacks import AnomalyDetection, BackupAndRestore
from kerasgan.callbacks.anomaly_detection import _area_under_curve, _threshold

NORMAL = np.random.default_rng(0).normal(size=(48, 3)).astype("float32")
HELD_OUT = np.concatenate([NORMAL, NORMAL[:16] * 1.5, NORMAL[16:32] + 4.0])
ABNORMAL = np.arange(80) >= 48


def dense(*sizes, noise=0.0):
    hidden = [keras.layers.Dense(size, activation="tanh") for size in sizes[1:-1]]
    noisy = [keras.layers.GaussianNoise(noise)] if noise else []
    return keras.Sequential(
        [keras.Input((sizes[0],)), *noisy, *hidden, keras.layers.Dense(sizes[-1])]
    )


@functools.cache
def traced(noise):
    auto_encoder = kerasgan.networks.AutoEncoder(dense(3, 2, noise=noise), dense(2, 3))
    model = kerasgan.EBGAN(dense(2, 4, 3), auto_encoder, seed=1)
    model.compile(run_eagerly=True)
    return model, [keras.ops.convert_to_numpy(each) for each in model.state()]


def ebgan(noise=0.0):
    """Returns a new model. It is one that is set back, as tracing takes long."""
    keras.utils.set_random_seed(0)
    model, values = traced(noise)
    for variable, value in zip(model.state(), values, strict=True):
        variable.assign(value)
    keras.utils.set_random_seed(0)
    return model


def aae():
    model = kerasgan.AdversarialAutoEncoder(dense(3, 2), dense(2, 3), dense(2, 1))
    model.compile(run_eagerly=True)
    return model


def ganomaly():
    discriminator = dense(3, 4, 1)
    discriminator.layers[0].name = "features"
    model = kerasgan.GANomaly(dense(3, 2), dense(2, 3), dense(3, 2), discriminator, "features")
    model.compile(run_eagerly=True)
    return model


def fitted(model, *callbacks, epochs=1, **arguments):
    options = {"batch_size": 48, "verbose": 0, **arguments}
    return model.fit(NORMAL, epochs=epochs, callbacks=list(callbacks), **options).history


# The AUROC and the threshold.


@pytest.mark.parametrize(
    ("normal", "abnormal", "area"),
    [
        ([1, 2], [3, 4], 1.0),
        ([3, 4], [1, 2], 0.0),
        ([5, 5, 5], [5, 5], 0.5),
        ([0, 2], [1], 0.5),
        ([0, 1], [1, 2], 0.875),
        ([-np.inf, 0], [0, np.inf], 0.875),
    ],
)
def test_the_area_by_closed_form(normal, abnormal, area):
    assert _area_under_curve(np.array(normal, "float64"), np.array(abnormal, "float64")) == area


@pytest.mark.parametrize("levels", [2, 5, 40, 10**6])
@pytest.mark.parametrize("counts", [(1, 1), (3, 50), (400, 7), (200, 300)])
def test_the_area_is_that_of_scikit_learn(levels, counts):
    generator = np.random.default_rng(levels)
    normal, abnormal = (
        generator.integers(levels, size=count).astype("float64") for count in counts
    )
    labels = np.repeat([0, 1], counts)
    expected = roc_auc_score(labels, np.concatenate([normal, abnormal]))
    assert _area_under_curve(normal, abnormal) == pytest.approx(expected, abs=1e-12)


def test_the_area_of_two_normal_distributions():
    # The probability that a difference of means of 1 is not lost in noise: Phi(1 / sqrt(2)).
    generator = np.random.default_rng(0)
    area = _area_under_curve(generator.normal(0, 1, 20_000), generator.normal(1, 1, 20_000))
    assert area == pytest.approx(0.76025, abs=0.01)


@pytest.mark.parametrize(
    ("false_alarms", "threshold"),
    [(0.0, 100.0), (0.009, 100.0), (0.01, 99.0), (0.07, 93.0), (0.29, 71.0), (0.999, 1.0)],
)
def test_the_threshold_allows_just_so_many_false_alarms(false_alarms, threshold):
    scores = np.random.default_rng(0).permutation(np.arange(1.0, 101.0))
    assert _threshold(scores, false_alarms) == threshold


def test_equal_scores_never_raise_more_false_alarms():
    scores = np.array([1.0, 2.0, 2.0, 2.0])
    assert _threshold(scores, 0.5) == 2.0
    assert np.mean(scores > 2.0) == 0.0


# The scores of models.


def test_the_energy_of_an_ebgan():
    model, detection = ebgan(), AnomalyDetection(HELD_OUT, ABNORMAL, false_alarms=0.25)
    logged = fitted(model, detection)["auroc"]
    energies = model.energy(HELD_OUT)
    assert logged == [detection.auroc] == [pytest.approx(roc_auc_score(ABNORMAL, energies))]
    assert np.mean(energies[~ABNORMAL] > detection.threshold) == 0.25
    found = detection.is_abnormal(HELD_OUT)
    np.testing.assert_array_equal(found, energies > detection.threshold)
    assert 0 < found[ABNORMAL].sum() <= 32


def test_the_anomaly_score_of_a_ganomaly():
    model, detection = ganomaly(), AnomalyDetection(HELD_OUT, ABNORMAL)
    fitted(model, detection)
    assert detection.auroc == pytest.approx(roc_auc_score(ABNORMAL, model.anomaly_score(HELD_OUT)))
    fitted(model, error := AnomalyDetection(HELD_OUT, ABNORMAL, "reconstruct"))
    squares = np.square(model.reconstruct(HELD_OUT) - HELD_OUT).mean(axis=1)
    np.testing.assert_allclose(error.scores(HELD_OUT), squares, rtol=1e-5)


def test_the_error_of_an_auto_encoder():
    model, detection = aae(), AnomalyDetection(HELD_OUT, ABNORMAL)
    fitted(model, detection)
    squares = np.square(model.reconstruct(HELD_OUT) - HELD_OUT).mean(axis=1)
    np.testing.assert_allclose(detection.scores(HELD_OUT), squares, rtol=1e-5)
    assert detection.auroc == pytest.approx(roc_auc_score(ABNORMAL, squares))


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_a_function_gets_batches(shape):
    counts = []

    def score(samples):
        counts.append(len(samples))
        return keras.ops.reshape(keras.ops.sum(samples, axis=1), shape)

    detection = AnomalyDetection(HELD_OUT, ABNORMAL, score, batch_size=32)
    # It needs no model.
    assert detection.measure() == pytest.approx(roc_auc_score(ABNORMAL, HELD_OUT.sum(axis=1)))
    assert counts == [32, 32, 16]


def test_samples_can_be_a_dictionary():
    x = {"sample": HELD_OUT, "factor": np.full((80, 1), -1.0)}
    detection = AnomalyDetection(x, ABNORMAL, lambda part: (part["sample"] * part["factor"]).sum(1))
    expected = roc_auc_score(ABNORMAL, -HELD_OUT.sum(axis=1))
    assert detection.measure(ebgan()) == pytest.approx(expected)


def test_a_loaded_model_is_measured(tmp_path):
    model, detection = ebgan(), AnomalyDetection(HELD_OUT, ABNORMAL)
    fitted(model, detection)
    model.save(tmp_path / "model.keras")
    again = AnomalyDetection(HELD_OUT.tolist(), ABNORMAL.astype(int)[:, None])
    auroc = again.measure(keras.saving.load_model(tmp_path / "model.keras"))
    assert auroc == detection.auroc
    assert again.threshold == pytest.approx(detection.threshold)


# In `fit`.


@pytest.mark.parametrize("before", [False, True])
def test_other_callbacks_know_it(before, tmp_path):
    scripted = iter([0.2, 0.8, 0.9, 0.7, 0.6, 0.5])
    detection = AnomalyDetection(HELD_OUT, ABNORMAL)
    detection.measure = lambda: next(scripted)
    readers = [
        keras.callbacks.EarlyStopping("auroc", patience=2),
        keras.callbacks.ModelCheckpoint(
            tmp_path / "{epoch}-{auroc:.1f}.keras", "auroc", save_best_only=True
        ),
        keras.callbacks.CSVLogger(tmp_path / "logs.csv"),
    ]
    callbacks = [*readers, detection] if before else [detection, *readers]
    assert fitted(ebgan(), *callbacks, epochs=6)["auroc"] == [0.2, 0.8, 0.9, 0.7, 0.6]
    assert sorted(path.stem for path in tmp_path.glob("*.keras")) == ["1-0.2", "2-0.8", "3-0.9"]
    with (tmp_path / "logs.csv").open() as file:
        logged = [float(row["auroc"]) for row in csv.DictReader(file)]
    assert logged == [0.2, 0.8, 0.9, 0.7, 0.6]


def test_the_progress_bar_shows_it(capsys):
    fitted(ebgan(), AnomalyDetection(HELD_OUT, ABNORMAL), verbose=2)
    assert "auroc: 0." in capsys.readouterr().out


def test_it_measures_every_so_many_epochs_and_at_the_end():
    model, detection = ebgan(), AnomalyDetection(HELD_OUT, ABNORMAL, every_epochs=2)
    logged = fitted(model, detection, epochs=5)["auroc"]
    # `EarlyStopping` would never improve on a first value that is NaN.
    np.testing.assert_array_equal(np.isnan(logged), [False, False, True, False, True])
    energies = model.energy(HELD_OUT)
    assert detection.auroc == pytest.approx(roc_auc_score(ABNORMAL, energies))
    assert detection.threshold == pytest.approx(energies[~ABNORMAL].max())


def test_two_scores_under_two_names():
    detections = [
        AnomalyDetection(HELD_OUT, ABNORMAL),
        AnomalyDetection(HELD_OUT, ABNORMAL, "reconstruct", name="auroc_of_errors"),
    ]
    assert {"auroc", "auroc_of_errors"} <= set(fitted(ganomaly(), *detections))
    with pytest.raises(ValueError, match="`directions` of `AnomalyDetection`.*Received: 'auroc'"):
        fitted(ganomaly(), detections[0], AnomalyDetection(HELD_OUT, ABNORMAL))


@pytest.mark.deterministic
def test_training_does_not_notice():
    def play(*callbacks):
        # Its noise would show what a measurement leaves behind, as would the draws of the user's own data.
        model = ebgan(noise=0.5)
        history = fitted(model, *callbacks, epochs=2)
        weights = [keras.ops.convert_to_numpy(each) for each in model.state()]
        return [*weights, random.random(), np.random.random()], history

    measured, history = play(AnomalyDetection(HELD_OUT, ABNORMAL))
    alone, other = play()
    assert len(measured) == len(alone) > 10
    for one, another in zip(measured, alone, strict=True):
        np.testing.assert_array_equal(one, another)
    assert history.pop("auroc")
    assert history == other


class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.deterministic
def test_a_run_that_is_taken_up_goes_on(tmp_path):
    def play(folder, *interrupts):
        stopping = keras.callbacks.EarlyStopping("auroc", min_delta=1.0, patience=4)
        detection = AnomalyDetection(HELD_OUT, ABNORMAL, every_epochs=2)
        model = ebgan()
        own = [detection, stopping, BackupAndRestore(tmp_path / folder), *interrupts]
        stopped = pytest.raises(KeyboardInterrupt) if interrupts else contextlib.nullcontext()
        with stopped:
            fitted(model, *own, epochs=7)
        return model.history.history, detection.auroc, detection.threshold

    undisturbed = play("undisturbed")
    play("backup", Interrupt())
    np.testing.assert_equal(play("backup"), undisturbed)
    assert len(undisturbed[0]["auroc"]) == 5


def test_a_backup_does_not_hold_the_samples(tmp_path):
    backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
    fitted(ebgan(), AnomalyDetection(HELD_OUT + 1e-3, ABNORMAL), backup)
    with np.load(tmp_path / "training_state.npz") as arrays:
        assert HELD_OUT.shape not in {arrays[name].shape for name in arrays.files}


def test_a_copy_measures_too():
    copied = copy.deepcopy(AnomalyDetection(HELD_OUT, ABNORMAL))
    assert 0.0 < copied.measure(ebgan()) < 1.0


# What is refused.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "here"}, "`x`. Expected an array of samples. Received: x of type str"),
        ({"x": np.zeros((0, 3))}, "`x`. Expected an array of samples"),
        ({"x": np.full((80, 3), np.nan)}, "`x`. Expected finite numbers"),
        ({"abnormal": ABNORMAL[1:]}, "`abnormal`. Expected 80 booleans.*shape \\(79,\\)"),
        ({"abnormal": np.arange(80)}, "`abnormal`. Expected 80 booleans.*type int64"),
        ({"abnormal": np.where(ABNORMAL, 1.0, 0.0)}, ".*80 booleans.*type float64"),
        (
            {"abnormal": np.zeros(80, bool)},
            ".*one normal and one abnormal.*0 abnormal samples of 80",
        ),
        (
            {"abnormal": np.ones(80, bool)},
            ".*one normal and one abnormal.*80 abnormal samples of 80",
        ),
        ({"score": 3}, "`score`. Expected the name of a method.*Received: score=3"),
        ({"false_alarms": 1.0}, "`false_alarms`. Expected a number in \\[0, 1\\)"),
        ({"every_epochs": 0}, "`every_epochs`. Expected a positive integer"),
        ({"batch_size": 0}, "`batch_size`. Expected a positive integer"),
        ({"name": ""}, "`name`. Expected a string that is not empty. Received: name=''"),
    ],
)
def test_invalid_arguments(options, message):
    with pytest.raises(ValueError, match=f"Invalid value for argument {message}"):
        AnomalyDetection(**{"x": HELD_OUT, "abnormal": ABNORMAL, **options})


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (None, "`GAN`, or a function of samples .* one of `anomaly_score`.*Received: score=None"),
        ("anomaly_score", "Received: score='anomaly_score'"),
        (lambda samples: samples, "a number for each of 2 samples. Received: .*shape \\(2, 3\\)"),
        (lambda samples: samples[:, 0] * np.nan, "Expected numbers. Received: 2 of 2 scores NaN"),
    ],
)
def test_a_score_that_does_not_suit_is_refused_before_training(score, message):
    model = kerasgan.GAN(dense(2, 3), dense(3, 1))
    model.compile(run_eagerly=True)
    with pytest.raises(ValueError, match=f"Invalid value for argument `score`.*{message}"):
        fitted(model, AnomalyDetection(HELD_OUT, ABNORMAL, score))
    assert int(model.optimizer.rounds) == 0


def test_samples_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="`samples`.*shape \\(3,\\)"):
        fitted(ebgan(), AnomalyDetection(HELD_OUT[:, :2], ABNORMAL))


def test_without_a_model_there_is_no_threshold():
    detection = AnomalyDetection(HELD_OUT, ABNORMAL)
    with pytest.raises(ValueError, match="no threshold yet.*`measure\\(model\\)`"):
        detection.is_abnormal(HELD_OUT)
    with pytest.raises(ValueError, match="no model yet.*`measure\\(model\\)`"):
        detection.measure()
