"""Grids of generated, real and reconstructed images, from a folder and without one."""

import numpy as np
from PIL import Image


def size_and_mode(file):
    with Image.open(file) as picture:
        return picture.size, picture.mode


def test_images_without_a_folder(run_example):
    answer = run_example("image_aae", "--size", "toy", "--output", "out")
    assert answer["shape"] == [100, 100, 1]
    names = {file.name for file in answer["files"]}
    assert {"real.png", "probabilities.csv", "probabilities.png", "aae.keras"} <= names
    grids = [file for file in answer["files"] if file.name.startswith(("real", "epoch"))]
    # 4 rows and 6 columns of 100 pixels, with 2 between and around them.
    assert {size_and_mode(file) for file in grids} == {((614, 410), "L")}
    assert {file.parent.name for file in grids} == {"out", "generated", "reconstructed"}
    header = next(file for file in answer["files"] if file.suffix == ".csv").read_text()
    assert "generator_feature_matching" in header.splitlines()[0]
    assert header.count("\ndiscriminator,") == 5 * header.count("\ngenerator,")


def test_a_folder_of_color_images_of_any_size(run_example, tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(200):
        size = (20 + index % 3, 30, 3)
        picture = Image.fromarray(rng.integers(0, 256, size, dtype=np.uint8))
        picture.save(folder / f"{index}.png")
    arguments = ["--data", str(folder), "--channels", "3", "--image-size", "30"]
    answer = run_example("image_aae", *arguments, "--size", "toy", "--rounds", "1")
    assert answer["images"] == 200
    assert answer["shape"] == [30, 30, 3]
    real = next(file for file in answer["files"] if file.name == "real.png")
    assert size_and_mode(real) == ((6 * 32 + 2, 4 * 32 + 2), "RGB")
