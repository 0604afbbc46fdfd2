from __future__ import annotations

import pytest
from PIL import Image

NAME = "variations/semi_supervised"


def test_toy_run_beside_the_labels_alone(run_example, tmp_path):
    answer = run_example(NAME, "--epochs", "1", "--labels", "30", "--output", "out")
    assert answer["files"] == [tmp_path / "out/semi_supervised.png"]
    with Image.open(answer["files"][0]) as picture:
        # 3 labeled and 10 generated digits for each class, of 8 pixels, with 2 pixels between them.
        assert (picture.width - 2) * 10 == (picture.height - 2) * 13
    assert answer["labels"] == 30
    # Of 450 test digits nine in ten are wrong by chance; labels alone teach more than that.
    assert 0 < answer["errors"] < 450
    assert 0 < answer["errors_of_labels_alone"] < 300
    assert f"Errors on 450 test images: {answer['errors']} " in answer["output"]


@pytest.mark.parametrize("labels", ["20", "0"])
def test_toy_run_of_the_auto_encoder(run_example, tmp_path, labels):
    arguments = ["--epochs", "1", "--labels", labels, "--categories", "12", "--output", "out"]
    answer = run_example(f"{NAME}_auto_encoder", *arguments)
    assert answer["files"] == [tmp_path / "out/semi_supervised_auto_encoder.png"]
    assert answer["categories"] == (10 if labels == "20" else 12)
    with Image.open(answer["files"][0]) as picture:
        assert (picture.width - 2) * 8 == (picture.height - 2) * answer["categories"]
    assert answer["rival"] == ("labels alone" if labels == "20" else "k-means")
    assert 0 < answer["errors_of_rival"] < 300
    assert 0 < answer["errors"] < 450
