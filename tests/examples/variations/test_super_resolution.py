import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[3] / "examples/variations/super_resolution.py"


@pytest.fixture
def labeled_images(tmp_path):
    """A file of soft discs in two sizes: more than enough for what a toy run is to show."""
    random = np.random.default_rng(0)
    rows, columns = np.indices((16, 16))
    radius = np.array([3, 6]).repeat(128)
    center = random.uniform(6, 10, size=(256, 2, 1, 1))
    distance = np.hypot(rows - center[:, 0], columns - center[:, 1])
    images = (255 / (1 + np.exp(2 * (distance - radius[:, None, None])))).astype("uint8")
    order = random.permutation(256)
    images, labels = images[order], (radius[order] == 6).astype("int64")
    path = tmp_path / "discs.npz"
    np.savez(
        path, x_train=images[:192], y_train=labels[:192], x_test=images[192:], y_test=labels[192:]
    )
    return path


def test_toy_run_on_labeled_images(run_example, labeled_images):
    answer = run_example(
        "variations/super_resolution",
        *("--data", str(labeled_images), "--size", "toy", "--output", "out"),
    )
    with Image.open(answer["files"][0]) as picture:
        assert picture.size == (12 * 66 + 2, 5 * 66 + 2)  # 16 pixels, enlarged 4 times
    for name in ("bicubic", "plain", "game"):
        assert answer["psnr"][name] > 10
        assert np.isfinite(answer["kernel_distance"][name])
        assert f"{answer['psnr'][name]:.2f}" in answer["output"]


def test_test_crops_are_of_other_parts_of_the_photographs():
    data = runpy.run_path(str(SCRIPT))["photographs"]()
    assert data.sample_shape == (32, 32, 3)
    for turns in range(4):
        one = np.rot90(data.x_test[data.y_test == turns], -turns, axes=(1, 2))
        np.testing.assert_array_equal(one, data.x_test[data.y_test == 0])
    # No column of 32 pixels is in a training crop and in a test crop.
    upright, test = data.x[data.y == 0], data.x_test[data.y_test == 0]
    seen, asked = (
        {column.tobytes() for crop in crops for column in crop.transpose(1, 0, 2)}
        for crops in (upright, test)
    )
    assert len(asked) > 1000
    assert not seen & asked
