"""The table of a run has what is logged; one of an earlier version goes on with its columns."""

import keras
import numpy as np

import kerasgan
from kerasgan.command.csv_logger import CSVLogger


def rows(path):
    return [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]


def fit(folder, logger, epochs):
    keras.utils.set_random_seed(0)
    gan = kerasgan.GAN(kerasgan.networks.mlp(2, [], 2), kerasgan.networks.mlp(2, []))
    gan.compile()
    backup = kerasgan.callbacks.BackupAndRestore(folder / "backup", delete_checkpoint=False)
    x = np.ones((4, 2), "float32")
    gan.fit(x, batch_size=4, epochs=epochs, verbose=0, callbacks=[logger, backup])
    return rows(folder / "log.csv")


def test_there_is_no_room_for_a_validation_that_a_run_has_not(tmp_path):
    table = fit(tmp_path, CSVLogger(tmp_path / "log.csv"), 1)
    assert not any(name.startswith("val_") for name in table[0])
    assert "NA" not in table[1]
    assert fit(tmp_path, CSVLogger(tmp_path / "log.csv"), 2)[:2] == table


def test_a_table_that_keras_began_goes_on_with_its_columns(tmp_path):
    header, first = fit(tmp_path, keras.callbacks.CSVLogger(tmp_path / "log.csv"), 1)
    table = fit(tmp_path, CSVLogger(tmp_path / "log.csv"), 2)
    assert table[:2] == [header, first]
    second = dict(zip(header, table[2], strict=True))
    assert second["val_generator_loss"] == "NA"
    assert float(second["generator_loss"]) > 0
