"""A value for every update, in lists, in the CSV file and in the picture."""

import csv
import math

import keras
import numpy as np
import pytest
from PIL import Image

from kerasgan.callbacks import ProbabilityLogger


def fit(model, logger, batches=5, **options):
    model.fit(np.zeros((batches, 1)), batch_size=1, verbose=0, callbacks=[logger], **options)


def read(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("steps_per_execution", [1, 4])
@pytest.mark.parametrize("k", [1, 3])
def test_a_value_for_each_update(counting_model, k, steps_per_execution):
    model = counting_model(k=k)
    model.compile(steps_per_execution=steps_per_execution)
    logger = ProbabilityLogger()
    fit(model, logger, batches=10, epochs=2)
    assert logger.d_logs == [model.value("discriminator", i) for i in range(20 * k)]
    assert logger.g_logs == [model.value("generator", i) for i in range(20)]
    assert logger.updates["generator"]["generator_loss"] == [-value for value in logger.g_logs]
    assert logger.a_logs == []
    assert logger.extract_logs_tuple() == (logger.d_logs, logger.g_logs)


def test_lists_go_on_in_a_second_fit(counting_model):
    model, logger = counting_model(k=2), ProbabilityLogger()
    fit(model, logger)
    model.fit(np.zeros((3, 1)), batch_size=1, verbose=0)  # not logged
    fit(model, logger)
    seen = [*range(5), *range(8, 13)]
    assert logger.g_logs == [model.value("generator", i) for i in seen]
    assert len(logger.d_logs) == 20


@pytest.mark.parametrize("score", ["energy", "score"])
def test_other_scores(counting_model, score):
    model, logger = counting_model(score=score), ProbabilityLogger()
    fit(model, logger)
    assert logger.d_logs == logger.updates["discriminator"][f"fake_{score}"]
    assert logger.g_logs == logger.updates["generator"][f"generator_{score}"]
    assert len(logger.d_logs) == len(logger.g_logs) == 5


def test_reconstruction_comes_first(counting_model):
    class Reconstructing(counting_model):
        def updates_since(self, cursor):
            updates, cursor = super().updates_since(cursor)
            loss = np.zeros(len(updates["generator"]["generator_loss"]))
            return {"reconstruction": {"reconstruction_loss": loss}, **updates}, cursor

    logger = ProbabilityLogger()
    fit(Reconstructing(), logger)
    assert logger.a_logs == [0.0] * 5
    assert logger.extract_logs_tuple() == (logger.a_logs, logger.d_logs, logger.g_logs)


def test_interrupting_keeps_the_logs(tmp_path, counting_model):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.batches == 8:
                raise KeyboardInterrupt

    model, logger = counting_model(), ProbabilityLogger(tmp_path, picture_name=None)
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            np.zeros((5, 1)), batch_size=1, epochs=2, verbose=0, callbacks=[logger, Interrupt()]
        )
    assert len(logger.g_logs) == 8
    assert len(read(tmp_path / "probabilities.csv")) == 2 * 5
    logger.write()
    assert len(read(tmp_path / "probabilities.csv")) == 2 * 8


def test_csv_holds_the_lists(tmp_path, counting_model):
    logger = ProbabilityLogger(tmp_path / "new", csv_name="log.csv", picture_name=None)
    fit(counting_model(k=2), logger)
    assert logger.paths == [tmp_path / "new" / "log.csv"]
    assert list((tmp_path / "new").iterdir()) == logger.paths
    rows = read(logger.paths[0])
    assert list(rows[0]) == [
        "turn", "update", "discriminator_loss", "fake_probability", "generator_loss",
        "generator_probability",
    ]  # fmt: skip
    for turn, quantities in logger.updates.items():
        own = [row for row in rows if row["turn"] == turn]
        assert [int(row["update"]) for row in own] == list(range(1, len(own) + 1))
        for quantity, values in quantities.items():
            assert [float(row[quantity]) for row in own] == values
        others = set(rows[0]) - {"turn", "update", *quantities}
        assert {row[other] for row in own for other in others} == {""}
    assert len(rows) == 10 + 5


def test_new_and_dropped_quantities_keep_the_lists_in_step(tmp_path, counting_model):
    model = counting_model()
    logger = ProbabilityLogger(tmp_path, picture_name=None)
    fit(model, logger, batches=2)
    model.score = "score"
    fit(model, logger, batches=1)
    lists = logger.updates["generator"]
    assert [math.isnan(value) for value in lists["generator_probability"]] == [False, False, True]
    assert [math.isnan(value) for value in lists["generator_score"]] == [True, True, False]
    assert len(read(tmp_path / "probabilities.csv")) == 6


def test_every_epochs(tmp_path, counting_model):
    lengths = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            path = tmp_path / "probabilities.csv"
            lengths.append(len(read(path)) if path.exists() else 0)

    logger = ProbabilityLogger(tmp_path, picture_name=None, every_epochs=2)
    counting_model().fit(np.zeros((3, 1)), epochs=3, verbose=0, callbacks=[logger, Look()])
    assert lengths == [0, 4, 4]
    assert len(read(tmp_path / "probabilities.csv")) == 6


def test_picture_has_both_panels(tmp_path, counting_model, monkeypatch):
    from matplotlib.figure import Figure

    figures = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure,
        "savefig",
        lambda figure, *args, **kw: figures.append(figure) or save(figure, *args, **kw),
    )
    logger = ProbabilityLogger(tmp_path, csv_name=None, smoothing=3)
    fit(counting_model(k=2), logger, batches=6)
    above, below = figures[-1].axes
    assert [above.get_ylabel(), below.get_ylabel()] == ["mean probability", "loss"]
    assert below.get_xlabel() == "batch"
    labels = [
        [text.get_text() for text in axes.get_legend().get_texts()] for axes in (above, below)
    ]
    assert labels == [
        ["fake probability", "generator probability"],
        ["discriminator loss", "generator loss"],
    ]
    raw, mean = above.get_lines()[:2]
    np.testing.assert_array_equal(raw.get_ydata(), logger.d_logs)
    np.testing.assert_allclose(raw.get_xdata(), np.arange(1, 13) / 2)
    np.testing.assert_allclose(mean.get_ydata()[5], np.mean(logger.d_logs[4:7]))
    np.testing.assert_allclose(mean.get_ydata()[0], np.mean(logger.d_logs[:2]))
    assert list(tmp_path.iterdir()) == [tmp_path / "probabilities.png"]
    with Image.open(tmp_path / "probabilities.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 5


@pytest.mark.parametrize("score", ["energy", "probability"])
def test_picture_of_one_update_and_of_none(tmp_path, counting_model, score):
    logger = ProbabilityLogger(tmp_path)
    logger.write()
    assert all(path.stat().st_size for path in logger.paths)
    fit(counting_model(score=score), logger, batches=1)
    assert len(read(logger.paths[0])) == 2


def test_without_matplotlib(tmp_path, hide):
    hide("matplotlib")
    with pytest.raises(ImportError, match=r'pip install "kerasgan\[plot\]".*picture_name=None'):
        ProbabilityLogger(tmp_path)
    assert ProbabilityLogger(tmp_path, picture_name=None).paths == [tmp_path / "probabilities.csv"]
    assert ProbabilityLogger().paths == []


def test_nothing_is_written_without_a_directory(tmp_path, counting_model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    logger = ProbabilityLogger()
    fit(counting_model(), logger)
    assert logger.write() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every_epochs": 0}, "`every_epochs`"),
        ({"smoothing": 0}, "`smoothing`"),
        ({"picture_name": "curves.csv"}, r"`picture_name`.*\.png"),
    ],
)
def test_invalid_arguments(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        ProbabilityLogger(tmp_path, **options)


def test_other_models_are_named():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(TypeError, match="Sequential without `updates_since`"):
        model.fit(np.zeros((2, 1)), np.zeros((2, 1)), verbose=0, callbacks=[ProbabilityLogger()])
