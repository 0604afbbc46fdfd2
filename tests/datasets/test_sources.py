"""Training on every source of data: how many rounds it gives, and what its faults lead to."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import kerasgan

SAMPLES = np.random.default_rng(0).normal(size=(52, 2)).astype("float32")
MINIBATCH = 8  # 6 whole minibatches and one of 4
OUT_OF_DATA = "Your input ran out of data"


def game(k=1, sample_shape=(2,)):
    layers = keras.layers
    size = int(np.prod(sample_shape))
    generator = keras.Sequential(
        [keras.Input((3,)), layers.Dense(size), layers.Reshape(sample_shape)]
    )
    discriminator = keras.Sequential([keras.Input(sample_shape), layers.Flatten(), layers.Dense(1)])
    gan = kerasgan.GAN(generator, discriminator)
    gan.compile("sgd", "sgd", discriminator_steps=k, jit_compile=False)
    return gan


@pytest.fixture(scope="module")
def games():
    """A game for each k, made and traced once."""
    return {k: game(k) for k in (1, 2)}


def updates(gan):
    return [int(gan.optimizer[turn].iterations) for turn in ("discriminator", "generator")]


def batches(count=None, size=MINIBATCH):
    number = 0
    while count is None or number < count:
        yield SAMPLES[:size]
        number += 1


class Batches(keras.utils.PyDataset):
    def __init__(self, count, batch=lambda index: (SAMPLES[:MINIBATCH],), **arguments):
        super().__init__(**arguments)
        self.count, self.batch = count, batch

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return self.batch(index)


def records(directory):
    path = str(directory / "samples.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for sample in SAMPLES:
            values = tf.train.Feature(float_list=tf.train.FloatList(value=sample))
            features = tf.train.Features(feature={"x": values})
            writer.write(tf.train.Example(features=features).SerializeToString())
    description = {"x": tf.io.FixedLenFeature([2], tf.float32)}
    return (
        tf.data.TFRecordDataset(path)
        .map(lambda record: tf.io.parse_single_example(record, description)["x"])
        .batch(MINIBATCH)
    )


def of_unknown_length(dataset):
    return dataset.filter(lambda batch: tf.shape(batch)[0] > 0)


# Each: data of seven minibatches (an endless source: more), arguments of `fit`, rounds of one minibatch.
SOURCES = {
    "records": (records, {"epochs": 2}, 14),
    "unknown_length": (lambda d: of_unknown_length(records(d)), {"epochs": 2}, 14),
    "steps": (records, {"steps_per_epoch": 1, "epochs": 2}, None),
    "endless": (lambda d: records(d).repeat(), {"steps_per_epoch": 4, "epochs": 2}, None),
    "unknown_sizes": (
        lambda d: tf.data.Dataset.from_generator(
            lambda: batches(7), output_signature=tf.TensorSpec([None, None], tf.float32)
        ),
        {"epochs": 2},
        14,
    ),
    "PyDataset": (lambda d: Batches(7), {"epochs": 2}, 14),
    "PyDataset_threads": (lambda d: Batches(7, workers=2), {"epochs": 2}, 14),
    "PyDataset_steps": (lambda d: Batches(7), {"steps_per_epoch": 1, "epochs": 2}, None),
    "generator": (lambda d: batches(), {"steps_per_epoch": 3, "epochs": 2}, None),
    "generator_of_lists": (lambda d: ([x] for x in batches()), {"steps_per_epoch": 3}, None),
    "generator_that_ends": (lambda d: batches(7), {}, 7),
}


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.filterwarnings(f"ignore:{OUT_OF_DATA}")  # Keras's word where a length was not known
def test_a_source_gives_as_many_rounds_as_it_has(source, k, games, tmp_path):
    make, arguments, minibatches = SOURCES[source]
    epochs = arguments.get("epochs", 1)
    if minibatches is None:
        rounds = arguments["steps_per_epoch"] * epochs
    else:
        rounds = minibatches // epochs // k * epochs
    gan = games[k]
    before = updates(gan)
    gan.fit(make(tmp_path), verbose=0, **arguments)
    after = updates(gan)
    assert [after[0] - before[0], after[1] - before[1]] == [rounds * k, rounds]
    assert len(gan.history.epoch) == epochs


@pytest.mark.deterministic
@pytest.mark.filterwarnings(f"ignore:{OUT_OF_DATA}")
@pytest.mark.parametrize("k", [1, 2])
def test_finding_the_end_of_the_data_changes_nothing(k):
    """The same batches, with their number known and unknown."""
    states = []
    for hide in (False, True):
        keras.utils.set_random_seed(3)
        gan = game(k)
        dataset = tf.data.Dataset.from_tensor_slices(SAMPLES).batch(MINIBATCH)
        gan.fit(of_unknown_length(dataset) if hide else dataset, epochs=2, verbose=0)
        variables = gan.variables + gan.optimizer.variables
        states.append([keras.ops.convert_to_numpy(variable) for variable in variables])
    for known, unknown in zip(*states, strict=True):
        np.testing.assert_array_equal(known, unknown)


def test_a_source_that_ends_too_early_says_so(games):
    gan = games[2]
    before = updates(gan)
    with pytest.warns(UserWarning, match=OUT_OF_DATA):
        gan.fit(batches(5), steps_per_epoch=4, verbose=0)
    assert updates(gan) == [before[0] + 4, before[1] + 2]


@pytest.mark.filterwarnings(f"ignore:{OUT_OF_DATA}")
def test_an_epoch_without_a_round_is_an_error_and_no_loss_of_zero(games, tmp_path):
    best = keras.callbacks.ModelCheckpoint(
        tmp_path / "best.keras", monitor="generator_loss", save_best_only=True
    )
    short = of_unknown_length(
        tf.data.Dataset.from_tensor_slices(SAMPLES[:MINIBATCH]).batch(MINIBATCH)
    )
    with pytest.raises(ValueError, match="`x`. Expected at least 2 minibatches for each epoch"):
        games[2].fit(short, verbose=0, callbacks=[best])
    assert best.best is None or not np.isfinite(best.best)
    assert not (tmp_path / "best.keras").exists()


@pytest.mark.filterwarnings(f"ignore:{OUT_OF_DATA}")
def test_an_evaluation_without_a_batch_is_an_error(games):
    nothing = of_unknown_length(tf.data.Dataset.from_tensors(SAMPLES).skip(1))
    with pytest.raises(ValueError, match="data to evaluate on. Expected at least one batch"):
        games[1].evaluate(nothing, verbose=0)
    with pytest.raises(ValueError, match="data to evaluate on. Expected at least one batch"):
        games[1].fit(batches(2), validation_data=nothing, verbose=0)


@pytest.fixture
def folder(tmp_path):
    """Twelve pictures of two classes."""
    for index in range(12):
        picture = Image.fromarray(np.random.default_rng(index).integers(0, 256, (8, 8), "uint8"))
        path = tmp_path / "pictures" / "ab"[index % 2] / f"{index:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    return tmp_path / "pictures"


@pytest.mark.parametrize("k", [1, 2])
def test_image_dataset_from_directory(folder, k):
    images = keras.utils.image_dataset_from_directory(
        folder, labels=None, color_mode="grayscale", image_size=(8, 8), batch_size=3, verbose=False
    )
    gan = game(k, (8, 8, 1))
    gan.fit(images.map(lambda image: image / 127.5 - 1.0), epochs=2, verbose=0)
    assert updates(gan) == [8, 8 // k]


def test_image_dataset_from_directory_with_its_classes_as_conditions(folder):
    images = keras.utils.image_dataset_from_directory(
        folder,
        label_mode="int",
        color_mode="grayscale",
        image_size=(8, 8),
        batch_size=3,
        verbose=False,
    )
    networks = [
        kerasgan.networks.mlp((3,), [4], (8, 8, 1), number_of_classes=2),
        kerasgan.networks.mlp((8, 8, 1), [4], (1,), number_of_classes=2),
    ]
    gan = kerasgan.ConditionalGAN(*networks)
    gan.compile(discriminator_steps=2, jit_compile=False)
    gan.fit(images, verbose=0)
    assert updates(gan) == [4, 2]
    with pytest.raises(ValueError, match="Expected elements of samples alone"):
        game(1, (8, 8, 1)).fit(images, verbose=0)


SLICES = tf.data.Dataset.from_tensor_slices
WRONG = {
    "not_batched": (lambda: SLICES(SAMPLES), r"shape \(2,\). Received: single ones.*`batch"),
    "shape": (lambda: SLICES(SAMPLES[:, :1]).batch(8), r"Received: samples of shape \(1,\)"),
    "pair": (lambda: SLICES((SAMPLES, SAMPLES)).batch(8), "Received: elements of 2 parts.*`map"),
    "dictionary": (lambda: SLICES({"a": SAMPLES}).batch(8), r"numbers. Received: dict of \['a'\]"),
    "text": (lambda: SLICES(SAMPLES.astype(str)).batch(8), "arrays of numbers.*string"),
    "unknown_rank": (
        lambda: tf.data.Dataset.from_generator(
            batches, output_signature=tf.TensorSpec(None, tf.float32)
        ),
        "unknown rank, which `tf.ensure_shape`",
    ),
    "empty": (lambda: SLICES(SAMPLES[:0]).batch(8), "at least 2 minibatches.*Received: 0"),
    "less_than_a_round": (lambda: SLICES(SAMPLES).batch(52), "at least 2 minibatches.*Received: 1"),
    "PyDataset_pair": (lambda: Batches(6, lambda i: (SAMPLES, SAMPLES)), "elements of 2 parts"),
    "PyDataset_short": (lambda: Batches(1), "at least 2 minibatches.*Received: 1"),
    "generator_pair": (lambda: iter([(SAMPLES, SAMPLES)] * 2), "elements of 2 parts"),
    "generator_shape": (lambda: iter([SAMPLES[:, :1]] * 2), r"samples of shape \(1,\)"),
    "generator_dictionary": (lambda: iter([{"a": SAMPLES}] * 2), "dict of"),
    "generator_none": (lambda: iter([None] * 2), "elements of 0 parts"),
    "generator_lists": (lambda: iter([SAMPLES[:8].tolist()] * 2), "elements of 8 parts"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_elements_are_told_before_anything_moves(wrong, games):
    make, message = WRONG[wrong]
    before = updates(games[2])
    with pytest.raises(ValueError, match=message):
        games[2].fit(make(), steps_per_epoch=2, verbose=0)
    assert updates(games[2]) == before


def test_a_generator_function_is_told_from_a_generator():
    with pytest.raises(TypeError, match=r"or a generator. Received: function"):
        game().fit(batches, steps_per_epoch=2, verbose=0)


@pytest.mark.parametrize("k", [1, 2])
def test_a_generator_that_goes_wrong_later_stops_training(k):
    data = [*batches(4), SAMPLES[:8, :1], *batches(3)]
    gan = game(k)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"samples of shape \(1,\)"):
        gan.fit(iter(data), steps_per_epoch=8 // k, verbose=0)
    assert updates(gan)[0] <= 4


def pictures(folder):
    return sorted(str(path) for path in folder.rglob("*.png"))


def read(path):
    with Image.open(path) as image:
        return np.asarray(image, "float32")[..., None]


def decoded(folder):
    def decode(path):
        image = tf.io.decode_png(tf.io.read_file(path), channels=1)
        return tf.ensure_shape(tf.cast(image, "float32"), (8, 8, 1))

    return SLICES(pictures(folder)).map(decode).batch(2)


def read_by_pillow(folder):
    paths = pictures(folder)
    return Batches(6, lambda i: np.stack([read(path) for path in paths[2 * i : 2 * i + 2]]))


def from_directory(folder):
    return keras.utils.image_dataset_from_directory(
        folder,
        labels=None,
        color_mode="grayscale",
        image_size=(8, 8),
        batch_size=2,
        shuffle=False,
        verbose=False,
    )


@pytest.mark.parametrize(
    ("pipeline", "complaint"),
    [
        (decoded, "(?i)png"),
        (from_directory, "(?i)png"),
        (read_by_pillow, "image file is truncated"),
    ],
)
def test_a_corrupt_image_stops_training_and_leaves_the_last_checkpoint(
    folder, tmp_path, pipeline, complaint
):
    last = pictures(folder)[-1]
    with open(last, "rb+") as file:
        file.truncate(60)
    gan = game(1, (8, 8, 1))
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "gan.keras", save_freq=1)
    with pytest.raises((tf.errors.OpError, OSError), match=complaint):
        gan.fit(pipeline(folder), shuffle=False, verbose=0, callbacks=[checkpoint])
    assert {path.name for path in tmp_path.iterdir()} == {"pictures", "gan.keras"}
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    # A source may be read ahead of training, so that the fault comes before the last good batch.
    assert 1 <= updates(loaded)[0] <= 5
    assert updates(loaded) == updates(gan)
    assert np.isfinite(loaded.generate(3)).all()
    loaded.fit(np.zeros((4, 8, 8, 1), "float32"), verbose=0)
    assert updates(loaded)[0] == updates(gan)[0] + 1


def test_a_folder_that_is_read_beforehand_names_the_corrupt_image(folder):
    last = pictures(folder)[-1]
    with open(last, "rb+") as file:
        file.truncate(60)
    with pytest.raises(ValueError, match=last):
        kerasgan.datasets.image_folder(folder)
