import numpy as np
import pytest
from PIL import Image

from kerasgan.datasets import image_sequences


def film(folder, names):
    """Writes gray frames, each as bright as the number in its name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        brightness = int("".join(filter(str.isdigit, name.split(".")[0])))
        Image.fromarray(np.full((4, 6), brightness, np.uint8)).save(folder / name)


def brightness(data):
    return data.invert(data.x)[:, :, 0, 0, 0].tolist()


def test_consecutive_frames_in_the_order_of_their_numbers(tmp_path):
    film(tmp_path, [f"frame_{index}.png" for index in (10, 2, 1, 11, 9)])
    data = image_sequences(tmp_path, 3, channels=1)
    assert data.x.shape == (3, 3, 4, 6, 1)
    assert brightness(data) == [[1, 2, 9], [2, 9, 10], [9, 10, 11]]
    assert data.images
    assert data.y is None


def test_stride(tmp_path):
    film(tmp_path, [f"{index}.png" for index in range(7)])
    data = image_sequences(tmp_path, 3, channels=1, stride=3)
    assert brightness(data) == [[0, 1, 2], [3, 4, 5]]


def test_a_sequence_stays_within_its_folder(tmp_path):
    film(tmp_path / "b", ["1.png", "2.png", "3.png"])
    film(tmp_path / "a", ["7.png", "8.png"])
    film(tmp_path / "short", ["50.png"])
    data = image_sequences(tmp_path, 2, channels=1)
    assert brightness(data) == [[7, 8], [1, 2], [2, 3]]
    assert data.y.tolist() == [0, 1, 1]
    assert data.class_names == ("a", "b", "short")


def test_frames_of_folders_within_folders_stay_together(tmp_path):
    film(tmp_path / "a" / "x", ["2.png", "3.png"])
    film(tmp_path / "a", ["1.png", "4.png"])
    assert brightness(image_sequences(tmp_path, 2, channels=1)) == [[1, 4], [2, 3]]


def test_size_channels_and_normalization(tmp_path):
    film(tmp_path, ["0.png", "255.png"])
    data = image_sequences(tmp_path, 2, size=(2, 3), channels=3, normalization="min_max")
    assert data.x.shape == (1, 2, 2, 3, 3)
    assert data.x[0, :, 0, 0, 0].tolist() == [0, 1]


def test_too_few_images(tmp_path):
    film(tmp_path, ["1.png", "2.png"])
    with pytest.raises(ValueError, match=r"at most 2, .* Received: sequence_length=3"):
        image_sequences(tmp_path, 3)


@pytest.mark.parametrize("argument", ["sequence_length", "stride"])
def test_argument_out_of_range(tmp_path, argument):
    with pytest.raises(ValueError, match=f"Invalid value for argument `{argument}`.*Received: "):
        image_sequences(tmp_path, **{"sequence_length": 2, argument: 0})


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        image_sequences(tmp_path / "absent", 2)
