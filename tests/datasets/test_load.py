from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kerasgan.datasets import load


@pytest.mark.parametrize(
    ("name", "sample_shape"),
    [("digits", (8, 8, 1)), ("gaussian", (1,)), ("ring", (2,)), ("grid", (2,))],
)
def test_by_name(name, sample_shape):
    dataset = load(name)
    assert (dataset.name, dataset.sample_shape) == (name, sample_shape)


def test_options_reach_the_loader(tmp_path):
    assert load("digits", size=10).sample_shape == (10, 10, 1)
    np.savez(tmp_path / "a.npz", x=np.full((2, 2, 2), 3))
    assert load(tmp_path / "a.npz", value_range=(0, 3)).x.max() == 1
    with pytest.raises(TypeError, match="radius"):
        load("digits", radius=3)


def test_a_folder_with_the_name_of_a_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("digits").mkdir()
    Image.new("RGB", (3, 3)).save("digits/a.png")
    assert len(load("digits")) == 1797
    assert len(load("./digits")) == 1
    assert len(load(Path("digits"))) == 1


@pytest.mark.parametrize("name", ["cifar", "", "no/such/folder", 3, None])
def test_unknown_name_lists_the_known_ones(name):
    message = r"`name_or_path`.*'digits', 'mnist', 'fashion_mnist'.*\.npz.*folder"
    with pytest.raises(ValueError, match=message):
        load(name)


def test_file_that_is_no_data(tmp_path):
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(ValueError, match=r"`name_or_path`.*a\.txt"):
        load(tmp_path / "a.txt")
