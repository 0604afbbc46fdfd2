"""What the benchmarks on emoji share: the pictures, the features they are compared by, and the comparison.

The pictures are those of the npm package `emoji-datasource-google` 16.0.0 (Apache-2.0), unpacked: 1,911 base
emoji of 64×64 pixels, here over white. `npm pack emoji-datasource-google@16.0.0` fetches it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
from PIL import Image

import kerasgan

FEATURES = Path(__file__).parent / "results" / "emoji_features.keras"
_IMAGES = Path("img", "google", "64")
_LEFT_OUT = 200


def make_parser(description: str | None, data: str, work: str) -> argparse.ArgumentParser:
    """Returns a parser of what these benchmarks have in common.

    Args:
        description: The script's docstring.
        data: The argument for the pictures.
        work: The name of the folder in `outputs` where the runs lie.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(data, type=Path, help="the data: the text above says what")
    folder = Path("outputs", work)
    parser.add_argument("--work", type=Path, default=folder, help=f"default: {folder}")
    parser.add_argument("--record", type=Path, help="file to write the line of JSON to, indented")
    return parser


def pictures(
    package: Path, size: int = 32, skin_variations: bool = False
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Returns the pictures as uint8, the index of each one's category, and the categories' names.

    Args:
        package: The folder of the unpacked package.
        size: The height and width of the pictures.
        skin_variations: Whether people in other skin tones are returned too: as many pictures again.
    """
    listed = json.loads((package / "emoji.json").read_text(encoding="utf-8"))
    if skin_variations:
        listed += [
            {**varied, "category": emoji["category"]}
            for emoji in listed
            for varied in emoji.get("skin_variations", {}).values()
        ]
    listed = [emoji for emoji in listed if (package / _IMAGES / emoji["image"]).is_file()]
    names = sorted({emoji["category"] for emoji in listed})
    x = []
    for emoji in listed:
        with Image.open(package / _IMAGES / emoji["image"]) as opened:
            picture = opened.convert("RGBA")
        over = Image.new("RGBA", picture.size, "white")
        over.alpha_composite(picture)
        resized = over.convert("RGB").resize((size, size), Image.Resampling.LANCZOS)
        x.append(np.asarray(resized))
    return np.stack(x), np.array([names.index(emoji["category"]) for emoji in listed]), names


def kerasgan_command(*arguments: object) -> None:
    """Runs `kerasgan` with some arguments."""
    subprocess.run([sys.executable, "-m", "kerasgan", *map(str, arguments)], check=True)


def write_pictures(x: np.ndarray, folder: Path) -> None:
    """Writes pictures as PNG files, unless the folder is there."""
    if folder.is_dir():
        return
    temporary = folder.with_name(f".{folder.name}")
    temporary.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(x):
        Image.fromarray(picture).save(temporary / f"{number:04}.png")
    os.replace(temporary, folder)


def read_folder(folder: Path) -> np.ndarray:
    """Returns the pictures of a folder as uint8."""
    return np.stack(
        [np.asarray(Image.open(path).convert("RGB")) for path in sorted(folder.glob("*.png"))]
    )


def drawn_by(run: Path, count: int) -> np.ndarray:
    """Returns pictures in [-1, 1] that `kerasgan sample` draws with the model of a run."""
    folder = run.with_name(f"{run.name}-drawn")
    kerasgan_command("sample", run, "-n", count, "--output", folder, "--seed", 1, "--overwrite")
    return scaled(read_folder(folder))


def scaled(x: np.ndarray) -> np.ndarray:
    """Returns pictures in [-1, 1]."""
    return (x / 127.5 - 1.0).astype("float32")


def train_features(package: Path) -> dict[str, Any]:
    """Trains the classifier of categories whose features compare pictures, and writes it to `FEATURES`.

    It is kept beside the records, so that all of them use the same.
    """
    x, y, names = pictures(package)
    x = scaled(x)
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inputs = z = keras.Input((32, 32, 3), name="picture")
    z = layers.RandomTranslation(0.1, 0.1, fill_mode="nearest")(z)
    for width in (24, 48, 96):
        for strides in (1, 2):
            z = layers.Conv2D(width, 3, strides, padding="same")(z)
            z = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(z))
    z = layers.Dense(64, activation="relu", name="features")(layers.GlobalAveragePooling2D()(z))
    classifier = keras.Model(inputs, layers.Dense(len(names))(layers.Dropout(0.3)(z)))
    classifier.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, 30 * 27)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    order = np.random.default_rng(0).permutation(len(x))
    train, left_out = order[_LEFT_OUT:], order[:_LEFT_OUT]
    classifier.fit(x[train], y[train], batch_size=64, epochs=30, verbose=2)
    accuracy = classifier.evaluate(x[left_out], y[left_out], verbose=0)[1]
    classifier.compile()  # without the optimizer's state
    classifier.save(FEATURES)
    return {"accuracy_on_left_out": round(float(accuracy), 3), "left_out": _LEFT_OUT}


def features() -> keras.Model:
    """Returns the recorded features: a model of pictures in [-1, 1]."""
    classifier = keras.saving.load_model(FEATURES, compile=False)
    return keras.Model(classifier.input, classifier.get_layer("features").output)


def kernel_distance(model: keras.Model, real: np.ndarray, fake: np.ndarray) -> float:
    """Returns the kernel distance of two sets of pictures in [-1, 1]."""
    metric = kerasgan.metrics.KernelDistance(model)
    metric.update_state(real, fake)
    return float(metric.result())


def spread(x: np.ndarray) -> float:
    """Returns the root mean square difference of two pictures, a pixel."""
    return float(np.sqrt(2.0 * np.var(x, axis=0, dtype="float64").mean()))


def grid(x: np.ndarray, path: Path, rows: int, columns: int, zoom: int = 2) -> None:
    """Writes the first pictures as one."""
    height, width = x.shape[1:3]
    cells = x[: rows * columns].reshape(rows, columns, height, width, -1)
    whole = cells.transpose(0, 2, 1, 3, 4).reshape(rows * height, columns * width, -1)
    picture = Image.fromarray(whole.squeeze())
    picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST).save(
        path, optimize=True
    )
