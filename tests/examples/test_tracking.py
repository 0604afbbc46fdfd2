"""One toy run with each tracker, offline, and what its own files hold afterwards."""

from __future__ import annotations

import json
import re
import runpy
import sqlite3
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from kerasgan.training.listeners import listens_to_batches

SCRIPT = Path(__file__).parents[2] / "examples" / "tracking.py"
LOGGED = [
    "discriminator_loss",
    "generator_loss",
    "real_probability",
    "fake_probability",
    "generator_probability",
]


@pytest.fixture
def toy_run(run_example, tmp_path, monkeypatch):
    """Runs the script with a tracker; returns its answer and the folder of the tracker."""

    def run(tracker):
        answer = run_example("tracking", "--tracker", tracker, "--size", "toy")
        assert answer["epochs"] == 2
        assert set(LOGGED) < set(answer)
        assert [path.name for path in tmp_path.iterdir()] == ["outputs"]
        folder = tmp_path / "outputs" / "tracking" / tracker
        assert str(folder) in answer["output"]
        return answer, folder

    return run


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def assert_same_pictures(tracked, folder):
    """The tracker has what `SampleGrid` drew after each epoch, and the second differs from the first."""
    drawn = [pixels(path) for path in sorted((folder / "samples").glob("*.png"))]
    assert len(drawn) == len(tracked) == 2
    for mine, theirs in zip(drawn, tracked, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert (drawn[0] != drawn[1]).any()


def test_tensorboard(toy_run):
    import tensorflow as tf

    answer, folder = toy_run("tensorboard")
    values, pictures = {}, []
    for path in folder.rglob("*tfevents*"):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                tensor = tf.make_ndarray(value.tensor)
                if value.tag == "samples":
                    # Its first entries are the size.
                    decoded = tf.io.decode_png(tensor[2], channels=3).numpy()
                    pictures.append((event.step, decoded))
                elif value.tag.startswith("epoch_") and not value.tag.endswith("learning_rate"):
                    values.setdefault(value.tag.removeprefix("epoch_"), {})[event.step] = tensor
    for name in LOGGED:
        assert sorted(values[name]) == [0, 1]
        assert float(values[name][1]) == pytest.approx(answer[name], abs=1e-4)
    assert_same_pictures(
        [picture for _, picture in sorted(pictures, key=lambda each: each[0])], folder
    )


def test_weights_and_biases(toy_run):
    answer, folder = toy_run("wandb")
    (log,) = folder.glob("wandb/offline-run-*/run-*.wandb")
    assert log in answer["files"]
    # The log holds protocol buffers. A value: its name, the tag of the next field, the length, the JSON.
    values = {}
    for found in re.finditer(rb"(?:epoch/)?(\w+)\x82\x01(.)", log.read_bytes(), re.DOTALL):
        start, length = found.end(), found[2][0]
        text = found.string[start : start + length].decode(errors="replace")
        values.setdefault(found[1].decode(), []).append(text)
    for name in LOGGED:
        assert json.loads(values[name][-1]) == pytest.approx(answer[name], abs=1e-4)
        assert len(set(values[name])) == 2  # one for each epoch
    assert set(values["penalty_weight"]) == {"0.05"}  # the settings of the run
    media = log.parent / "files" / "media" / "images" / "epoch"
    # samples_<step>_<hash>.png
    tracked = sorted(media.glob("samples_*.png"), key=lambda path: int(path.name.split("_")[1]))
    assert_same_pictures([pixels(path) for path in tracked], folder)


def test_mlflow(toy_run):
    answer, folder = toy_run("mlflow")
    store = folder / "mlflow.db"
    assert store in answer["files"]
    connection = sqlite3.connect(store)
    try:
        metrics = connection.execute("SELECT key, step, value FROM metrics").fetchall()
        params = dict(connection.execute("SELECT key, value FROM params").fetchall())
        runs = connection.execute("SELECT status, artifact_uri FROM runs").fetchall()
    finally:
        connection.close()
    for name in LOGGED:
        values = {step: value for key, step, value in metrics if key == name}
        assert sorted(values) == [0, 1]
        assert values[1] == pytest.approx(answer[name], abs=1e-4)
    assert params["penalty_weight"] == "0.05"
    # The callback's own: MLflow turns what goes wrong in it into a warning.
    assert "'discriminator'" in params["optimizer_optimizers"]
    ((status, artifacts),) = runs
    assert status == "FINISHED"
    assert artifacts.startswith(folder.as_uri())
    assert len(list(folder.rglob("model_summary.txt"))) == 1
    # samples+step+<step>+timestamp+….png
    tracked = sorted(folder.glob("artifacts/**/samples+step+*.png"), key=lambda path: path.name)
    assert_same_pictures([pixels(path) for path in tracked], folder)


def test_loggers_of_epochs_do_not_keep_fit_from_playing_several_steps_at_once(monkeypatch):
    class Logger(keras.callbacks.Callback):
        def on_batch_end(self, batch, logs=None):
            pass

    assert listens_to_batches(Logger())
    monkeypatch.syspath_prepend(SCRIPT.parent)
    of_epochs = runpy.run_path(str(SCRIPT))["of_epochs"]
    assert not listens_to_batches(of_epochs(Logger()))


@pytest.mark.parametrize("tracker", ["tensorboard", "wandb", "mlflow"])
def test_a_tracker_that_is_not_installed(tracker, tmp_path, monkeypatch, capsys, hide):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(SCRIPT.parent)
    hide(tracker)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")  # which the script sets
    monkeypatch.setattr("sys.argv", [str(SCRIPT), "--tracker", tracker])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert end.value.code == 2
    message = capsys.readouterr().err.splitlines()[-1]
    assert f"--tracker {tracker} needs the package '{tracker}'" in message
    assert f'`pip install "kerasgan[tracking]"`, or alone with `pip install {tracker}`' in message
    assert not list(tmp_path.iterdir())
