"""`benchmarks/pictures.py` at toy size: what it measures, and that its record has all of it."""

import argparse
import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def pictures(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("pictures")
    for name in ("pictures", "measuring"):
        sys.modules.pop(name, None)


@pytest.fixture
def options(pictures, tmp_path):
    toy = {"pictures": 24, "size": 8, "batch_size": 4, "epochs": 2, "steps": 1, "filters": 1}
    pictures.make_folder(tmp_path / "in", 24)
    return argparse.Namespace(folder=tmp_path / "in", cache=tmp_path / "cache", **toy)


def test_decoding(pictures, options):
    found = pictures.decode(options)
    assert found["look_pictures_per_second"] > 0
    assert found["crop_pictures_per_second"] > 0
    # 24 pictures of 8×8 colors, and of 8 rows of 11 with room for a crop at the end.
    megabytes = (24 * 8 * 8 * 3 + (24 * 11 + 8) * 8 * 3) / 2**20
    assert found["cache_megabytes"] == pytest.approx(megabytes, abs=0.06)


def test_streams(pictures, options):
    for name in pictures.STREAMS:
        found = pictures.stream(options, name)
        assert len(found["of_each_epoch"]) == len(found["megabytes"]) == 2
        assert found["pictures_per_second"] == max(found["of_each_epoch"]) > 0
        assert 0 < found["megabytes"][0]["anonymous"] < found["megabytes"][0]["resident"]
    assert pictures.keras_stream(options)["pictures_per_second"] > 0


def test_training(pictures, options):
    found = pictures.train(options)
    assert len(found["of_each_epoch"]) == len(found["megabytes"]) == 2
