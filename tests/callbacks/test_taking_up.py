"""A run that is started again goes on as if nothing had happened, whatever its callbacks do."""

import collections
import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

import kerasgan

DATA = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")

pytestmark = pytest.mark.deterministic


class Interrupt(keras.callbacks.Callback):
    """Ends the process's training at a batch, at the end of an epoch, or at the end of training."""

    def __init__(self, batch=None, epoch=None, at_end=False):
        super().__init__()
        self.batch, self.epoch, self.at_end = batch, epoch, at_end

    def on_train_batch_end(self, batch, logs=None):
        if self.batch is not None:
            self.batch -= 1
            if self.batch == 0:
                raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt

    def on_train_end(self, logs=None):
        if self.at_end:
            raise KeyboardInterrupt


def dense(inputs, outputs):
    return keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(outputs)])


MODELS = {}


def new_model(policy="float32", **compiled):
    """Returns a model as a new process would make it: perhaps one that is set back, as tracing takes long."""
    key = (policy, *((name, str(value)) for name, value in compiled.items()))
    if key not in MODELS:
        # The names too, since TensorFlow sums some terms in the order of their names.
        keras.utils.clear_session(free_memory=False)
        keras.utils.set_random_seed(0)
        keras.config.set_dtype_policy(policy)
        gan = kerasgan.GAN(dense(3, 2), dense(2, 1))
        gan.compile(**compiled)
        keras.config.set_dtype_policy("float32")
        MODELS[key] = gan, [keras.ops.convert_to_numpy(variable) for variable in gan.state()]
    gan, values = MODELS[key]
    for variable, value in zip(gan.state(), values, strict=True):
        variable.assign(value)
    keras.utils.set_random_seed(0)
    return gan


def play(folder, callbacks=(), interrupt=(), save_freq=1, keeper=None, model=None, **arguments):
    """Starts the script; returns the model, and everything in it."""
    gan = new_model(**(model or {}))
    keeper = kerasgan.callbacks.BackupAndRestore(folder, save_freq, **(keeper or {}))
    given = {"x": DATA, "epochs": 5, **arguments}
    if isinstance(given["x"], np.ndarray):
        given.setdefault("batch_size", 20)
    gan.fit(verbose=0, callbacks=[keeper, *callbacks, *interrupt], **given)
    return Played(gan)


class Played:
    """What a model has come to."""

    def __init__(self, gan):
        self.state = {
            f"{index} {variable.path}": keras.ops.convert_to_numpy(variable)
            for index, variable in enumerate(gan.state())
        }
        self.history = gan.history
        self.rounds = int(gan.optimizer.iterations)
        turns = ("discriminator", "generator")
        self.rates = [float(gan.optimizer[turn].learning_rate) for turn in turns]
        self.type = gan.generator.weights[0].dtype


def assert_same_state(one, other):
    for name, value in one.state.items():
        np.testing.assert_array_equal(value, other.state[name], err_msg=name)


def resumed(folder, interrupts, callbacks=list, **arguments):
    """Interrupts a run again and again; returns the model at its end, and the last callbacks."""
    for interrupt in interrupts:
        own = callbacks()
        with pytest.raises(KeyboardInterrupt):
            play(folder, own, [interrupt], **arguments)
        for callback in own:
            if isinstance(callback, keras.callbacks.CSVLogger):
                callback.csv_file.close()  # as the end of a process does
    last = callbacks()
    return play(folder, last, **arguments), last


def undisturbed(folder, callbacks=list, **arguments):
    last = callbacks()
    return play(folder, last, **arguments), last


# Keras's callbacks.

STOPPING = {
    # That much of an improvement never comes: what is best stays the first epoch's.
    "early_stopping": lambda: [
        keras.callbacks.EarlyStopping("val_generator_loss", min_delta=1.0, patience=3)
    ],
    "best_weights": lambda: [
        keras.callbacks.EarlyStopping(
            "generator_loss", mode="max", min_delta=1.0, patience=3, restore_best_weights=True
        )
    ],
    "plateau": lambda: [
        keras.callbacks.ReduceLROnPlateau("generator_loss", min_delta=10.0, patience=1, factor=0.5)
    ],
}


@pytest.mark.parametrize("kind", STOPPING)
def test_a_callback_that_turns_its_delta_at_its_start(kind, tmp_path):
    arguments = {"callbacks": STOPPING[kind], "epochs": 7, "validation_data": DATA[:10]}
    gan, (callback,) = undisturbed(tmp_path / "undisturbed", **arguments)
    again, (other,) = resumed(
        tmp_path / "disturbed", [Interrupt(batch=5), Interrupt(epoch=2)], **arguments
    )
    assert_same_state(gan, again)
    assert callback.wait == other.wait
    if kind == "plateau":
        assert again.rates == pytest.approx([2e-4 * 0.5**6] * 2)
    else:
        assert callback.stopped_epoch == other.stopped_epoch == 3


@pytest.mark.parametrize("kind", ["early_stopping", "best_weights"])
def test_a_run_that_was_stopped_stays_so(kind, tmp_path, caplog):
    arguments = {"callbacks": STOPPING[kind], "epochs": 7, "validation_data": DATA[:10]}
    gan, _ = undisturbed(tmp_path / "undisturbed", **arguments)
    again, _ = resumed(tmp_path / "disturbed", [Interrupt(at_end=True)], **arguments)
    assert_same_state(gan, again)
    assert "was stopped by a callback after epoch 4" in caplog.text
    assert list((tmp_path).iterdir()) == []
    # A second start of a script that keeps its backup.
    kept = {**arguments, "keeper": {"delete_checkpoint": False}}
    first, _ = undisturbed(tmp_path / "kept", **kept)
    second, _ = undisturbed(tmp_path / "kept", **kept)
    assert_same_state(first, second)
    assert_same_state(first, gan)


def test_history_and_files_go_on(tmp_path):
    outcomes = []
    for name, interrupts in (
        ("undisturbed", []),
        ("disturbed", [Interrupt(batch=5), Interrupt(epoch=2), Interrupt(epoch=3)]),
    ):
        folder = tmp_path / name

        def callbacks(folder=folder):
            return [
                keras.callbacks.CSVLogger(folder / "log.csv", append=False),
                kerasgan.callbacks.ProbabilityLogger(folder, picture_name=None),
                kerasgan.callbacks.SampleGrid(
                    folder,
                    *(2, 2),
                    every_batches=2,
                    file_name="{index}.png",
                    kind="curves",
                    at_begin=True,
                ),
                keras.callbacks.ModelCheckpoint(
                    folder / "best.weights.h5",
                    "generator_loss",
                    save_best_only=True,
                    save_weights_only=True,
                ),
            ]

        folder.mkdir()
        gan, (csv, logger, grids, best) = resumed(folder / "backup", interrupts, callbacks)
        assert not csv.append
        paths = [path.relative_to(folder) for path in grids.paths]
        assert sorted(paths) == sorted(path.relative_to(folder) for path in folder.glob("*.png"))
        table = (folder / "log.csv").read_text()
        outcomes.append(
            [list(gan.history.epoch), gan.history.history, table, logger.updates, paths, best.best]
        )
        pictures = {path.name: path.read_bytes() for path in folder.glob("*.png")}
        outcomes[-1].append(pictures)
    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0][4]) > 4
    assert outcomes[0][2].count("epoch") == 1


# Callbacks of the user's own.


class Helper:
    def __init__(self):
        self.seen = 0


class Restless(keras.callbacks.Callback):
    """Changes itself in every way, whenever it is called."""

    def __init__(self):
        super().__init__()
        self.sign, self.batches, self.epochs = 1, 0, 0
        self.is_better = None
        self.recent = collections.deque(maxlen=3)
        self.random = np.random.default_rng(0)
        self.helper = Helper()
        self.mean = keras.metrics.Mean()
        self.kept = {"pairs": [], 7: ("a", None)}
        self.seen = set()
        self.smallest = np.float32(9)
        self.is_new = False

    def on_train_begin(self, logs=None):
        self.sign *= -1
        self.model.optimizer.learning_rate = 1.0

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs += 1
        self.is_new = True
        self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) / 2

    def on_train_batch_begin(self, batch, logs=None):
        self.is_new = False
        self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate) * 0.9

    def on_train_batch_end(self, batch, logs=None):
        if self.is_better is None:
            # What cannot be done twice, behind a guard that is a function.
            self.is_better = keras.ops.less
            self.sign *= 5
        self.batches += 1
        self.helper.seen += 1
        loss = logs["generator_loss"]
        self.recent.append(loss)
        self.mean.update_state(loss)
        self.kept["pairs"].append((batch, loss))
        self.seen.add(round(loss, 3))
        if self.is_better(loss, self.smallest):
            self.smallest = np.float32(loss)
        noise = self.random.normal() + np.random.normal()
        self.model.generator.weights[0].assign_add([[0.01 * noise] * 2] * 3)

    def told(self):
        names = [
            "sign",
            "batches",
            "epochs",
            "is_better",
            "recent",
            "kept",
            "seen",
            "smallest",
            "is_new",
        ]
        values = {name: getattr(self, name) for name in names}
        return {
            **values,
            "helper": self.helper.seen,
            "random": self.random.bit_generator.state,
            "mean": float(self.mean.result()),
        }


@pytest.mark.parametrize("save_freq", [1, "epoch"])
def test_a_callback_that_changes_itself_everywhere(save_freq, tmp_path):
    arguments = {"callbacks": lambda: [Restless()], "save_freq": save_freq}
    gan, (callback,) = undisturbed(tmp_path / "undisturbed", **arguments)
    interrupts = [Interrupt(batch=2), Interrupt(batch=3), Interrupt(epoch=2), Interrupt(batch=2)]
    again, (other,) = resumed(tmp_path / "disturbed", interrupts, **arguments)
    assert_same_state(gan, again)
    assert callback.told() == other.told()
    assert type(other.smallest) is np.float32
    assert (other.sign, other.batches, other.epochs) == (-5, 15, 5)


def test_what_cannot_be_kept_is_said(tmp_path, caplog):
    class Secretive(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model_of_old, self.count, self.secret = self.model, epoch, object()

    play(tmp_path, [Secretive()], epochs=2)
    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if "Secretive.secret" in line and "of type object" in line]
    assert sum("Secretive.secret" in line for line in lines) == 1
    assert not any("count" in line for line in lines)


# Data.


def shuffled(rows=60, repeat=False, seed=1):
    data = tf.data.Dataset.from_tensor_slices(DATA[:rows]).shuffle(rows, seed=seed).batch(10)
    return data.repeat() if repeat else data


class Batches(keras.utils.PyDataset):
    """Batches in an order that it changes itself after each pass."""

    def __init__(self):
        super().__init__()
        self.order, self.random = np.arange(6), np.random.default_rng(0)

    @property
    def num_batches(self):
        return 6

    def on_epoch_end(self):
        self.order = self.random.permutation(6)

    def __getitem__(self, index):
        return DATA[10 * self.order[index] :][:10]


def drawn():
    draws = np.random.default_rng(0)
    while True:
        yield DATA[draws.integers(60, size=10)]


STREAMS = {
    "arrays": lambda: {"x": DATA, "batch_size": 10},
    "endless_arrays": lambda: {"x": DATA, "batch_size": 10, "steps_per_epoch": 2},
    "dataset": lambda: {"x": shuffled()},
    "unknown_cardinality": lambda: {"x": shuffled().filter(lambda batch: tf.size(batch) > 0)},
    "endless_dataset": lambda: {"x": shuffled(repeat=True), "steps_per_epoch": 2},
    "part_of_a_dataset": lambda: {"x": shuffled(), "steps_per_epoch": 2},
    "py_dataset": lambda: {"x": Batches(), "shuffle": False},
    "generator": lambda: {"x": drawn(), "steps_per_epoch": 2},
}


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("stream", STREAMS)
def test_every_kind_of_data_and_an_initial_epoch(stream, tmp_path):
    def arguments():
        model = {"discriminator_steps": 2}
        return {"initial_epoch": 3, "epochs": 7, "model": model, **STREAMS[stream]()}

    gan = play(tmp_path / "undisturbed", **arguments())
    # Between the backups of two epochs, and within an epoch.
    for interrupt in (Interrupt(epoch=4), Interrupt(batch=1)):
        with pytest.raises(KeyboardInterrupt):
            play(tmp_path / "disturbed", interrupt=[interrupt], **arguments())
    again = play(tmp_path / "disturbed", **arguments())
    assert_same_state(gan, again)
    assert again.history.epoch == [3, 4, 5, 6]


HELD_OUT = {
    "dataset": lambda: {"validation_data": shuffled(30), "validation_freq": 2, "epochs": 6},
    "endless": lambda: {"validation_data": shuffled(30, repeat=True), "validation_steps": 2},
    "py_dataset": lambda: {"validation_data": Batches(), "validation_steps": 2},
}


@pytest.mark.filterwarnings("ignore:Your input ran out of data")
@pytest.mark.parametrize("kind", HELD_OUT)
def test_validation_data_of_another_order_in_each_evaluation(kind, tmp_path):
    gan = play(tmp_path / "undisturbed", **HELD_OUT[kind]())
    for interrupt in (Interrupt(epoch=2), Interrupt(batch=2)):
        with pytest.raises(KeyboardInterrupt):
            play(tmp_path / "disturbed", interrupt=[interrupt], **HELD_OUT[kind]())
    again = play(tmp_path / "disturbed", **HELD_OUT[kind]())
    assert gan.history.history == again.history.history
    losses = gan.history.history["val_generator_loss"]
    assert len(set(losses)) == len(losses) > 1


def test_an_epoch_is_whole_where_other_callbacks_change_how_many_steps_are_played_at_once(tmp_path):
    arguments = {"batch_size": 5, "epochs": 3}
    undisturbed = play(tmp_path / "undisturbed", **arguments)
    with pytest.raises(KeyboardInterrupt):
        play(tmp_path / "disturbed", interrupt=[Interrupt(batch=17)], **arguments)
    arguments["model"] = {"steps_per_execution": 4}
    again = play(tmp_path / "disturbed", save_freq="epoch", **arguments)
    assert again.rounds == undisturbed.rounds == 36
    state = {name: value for name, value in again.state.items() if "ring" not in name}
    for name, value in state.items():
        np.testing.assert_array_equal(value, undisturbed.state[name], err_msg=name)


def test_an_interrupt_while_batches_pass_by_leaves_no_trace(tmp_path):
    class Bar(keras.callbacks.ProgbarLogger):
        """Sees the batches that pass by, as a progress bar does."""

        def on_train_batch_end(self, batch, logs=None):
            raise KeyboardInterrupt

    gan = play(tmp_path / "undisturbed", batch_size=10)
    with pytest.raises(KeyboardInterrupt):
        play(tmp_path / "disturbed", interrupt=[Interrupt(batch=5)], batch_size=10)
    with pytest.raises(KeyboardInterrupt):
        play(tmp_path / "disturbed", interrupt=[Bar()], batch_size=10)
    # In the same process, with the same model.
    assert_same_state(gan, play(tmp_path / "disturbed", batch_size=10))


def test_keepers_side_by_side(tmp_path):
    """The one that has come furthest takes the run up, and the others keep that."""

    def callbacks():
        return [
            kerasgan.callbacks.BackupAndRestore(tmp_path / "second", delete_checkpoint=False),
            Restless(),
        ]

    gan, _ = undisturbed(tmp_path / "undisturbed", lambda: [Restless()])
    resumed(tmp_path / "first", [Interrupt(batch=5)], callbacks, epochs=4)
    # The first is gone, and the second has four epochs.
    assert_same_state(gan, play(tmp_path / "first", callbacks()))


def test_a_list_of_callbacks_of_keras(tmp_path):
    def start(*more):
        gan = new_model()
        own = [Restless(), kerasgan.callbacks.BackupAndRestore(tmp_path, save_freq=1), *more]
        given = {"epochs": 5, "steps": 3, "verbose": 0}
        listed = keras.callbacks.CallbackList(own, add_history=True, model=gan, **given)
        gan.fit(DATA, batch_size=20, epochs=5, verbose=0, callbacks=listed)
        return Played(gan)

    gan = start()
    with pytest.raises(KeyboardInterrupt):
        start(Interrupt(batch=8))
    again = start()
    assert_same_state(gan, again)
    assert gan.history.history == again.history.history


def test_a_backup_in_bfloat16(tmp_path):
    def callbacks():
        return [
            keras.callbacks.EarlyStopping("generator_loss", patience=9, restore_best_weights=True)
        ]

    arguments = {"callbacks": callbacks, "model": {"policy": "bfloat16"}}
    gan, _ = undisturbed(tmp_path / "undisturbed", **arguments)
    again, _ = resumed(tmp_path / "disturbed", [Interrupt(batch=8)], **arguments)
    assert again.type == "bfloat16"
    assert_same_state(gan, again)


# Another script, and damaged files.


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    """The backup of a run that was interrupted in its second epoch."""
    folder = tmp_path_factory.mktemp("backup")
    with pytest.raises(KeyboardInterrupt):
        play(folder, interrupt=[Interrupt(batch=4)], model={"loss": "hinge"})
    return (folder / "training_state.npz").read_bytes()


def start_again(folder, backup, **arguments):
    (folder / "training_state.npz").write_bytes(backup)
    arguments["model"] = {"loss": "hinge", **arguments.get("model", {})}
    return play(folder, **arguments)


CHANGES = {
    "optimizer": (
        {"model": {"generator_optimizer": keras.optimizers.AdamW(2e-4, beta_1=0.5)}},
        r"optimizers\.generator was Adam, is AdamW",
    ),
    "rate": (
        {"model": {"generator_optimizer": keras.optimizers.Adam(1e-3, beta_1=0.5)}},
        r"optimizers\.generator\.learning_rate was 0\.0002, is 0\.001",
    ),
    "loss": ({"model": {"loss": "wasserstein"}}, r"compile\.loss was Hinge, is Wasserstein"),
    "penalty": ({"model": {"penalties": ["r1"]}}, r"compile\.penalties\.0 was absent, is R1"),
    "batch_size": ({"batch_size": 10}, r"fit\.batch_size was 20, is 10"),
    "values": ({"x": DATA + 1}, r"x\.values was \w{8}, is \w{8}"),
    "rows": ({"x": DATA[:50]}, r"x\.shape\.0 was 60, is 50"),
    "order": ({"shuffle": False}, r"fit\.shuffle was True, is False"),
    "kind": ({"x": shuffled()}, r"x\.kind was absent, is tf\.data"),
    "validation": ({"validation_data": DATA[:10]}, r"validation_data was None, is"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_script_that_has_changed_is_refused(change, backup, tmp_path):
    arguments, message = CHANGES[change]
    with pytest.raises(ValueError, match=message) as error:
        start_again(tmp_path, backup, **arguments)
    assert str(tmp_path / "training_state.npz") in str(error.value)
    assert "allow_changes=True" in str(error.value)
    assert (tmp_path / "training_state.npz").read_bytes() == backup


def test_the_steps_of_a_stream_tell_of_a_change(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        play(tmp_path, interrupt=[Interrupt(batch=4)], x=shuffled())
    with pytest.raises(ValueError, match=r"x\.steps\.1\.seed2 was 1, is 2"):
        play(tmp_path, x=shuffled(seed=2))
    with pytest.raises(ValueError, match=r"x\.steps\.2\.tensors\.0\.shape\.0 was 60, is 50"):
        play(tmp_path, x=shuffled(50).prefetch(1))


def test_changes_are_allowed_where_the_user_says_so(backup, tmp_path, caplog):
    changed = {"generator_optimizer": keras.optimizers.Adam(1e-3, beta_1=0.5)}
    gan = start_again(tmp_path, backup, model=changed, keeper={"allow_changes": True})
    assert gan.rounds == 15
    assert "learning_rate was 0.0002, is 0.001" in caplog.text
    assert gan.rates == pytest.approx([2e-4, 1e-3])


def test_what_may_change(backup, tmp_path):
    MODELS.clear()
    dense(1, 1)  # Keras counts the names of its layers on.
    stopping = keras.callbacks.EarlyStopping("generator_loss", patience=9)
    gan = start_again(tmp_path, backup, epochs=7, callbacks=[stopping], save_freq="epoch")
    assert gan.rounds == 21


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "pickle", "other"])
def test_a_damaged_backup_names_its_file(damage, backup, tmp_path):
    flipped = bytearray(backup)
    flipped[len(flipped) // 2] ^= 255
    if damage == "other":
        np.savez(tmp_path / "other.npz", a=1)
    elif damage == "pickle":
        np.savez(tmp_path / "other.npz", a=np.array([{}]))
    content = {
        "cut": lambda: backup[: len(backup) // 2],
        "flipped": lambda: bytes(flipped),
        "text": lambda: b"not a backup",
        "other": lambda: (tmp_path / "other.npz").read_bytes(),
        "pickle": lambda: (tmp_path / "other.npz").read_bytes(),
    }[damage]()
    with pytest.raises(ValueError, match="damaged") as error:
        start_again(tmp_path, content)
    assert str(tmp_path / "training_state.npz") in str(error.value)
    assert "pickle" not in str(error.value)
    assert "delete it" in str(error.value)


def test_nothing_left_to_train_is_said(tmp_path, caplog):
    kept = {"keeper": {"delete_checkpoint": False}, "epochs": 2}
    play(tmp_path, **kept)
    with caplog.at_level(logging.WARNING):
        play(tmp_path, **kept)
    assert "Nothing is left to train" in caplog.text
