"""Codes that follow a prior of one's choice, and figures that say how well."""

import csv

import pytest
from PIL import Image


@pytest.mark.parametrize("prior", ["normal", "mixture"])
def test_it_draws_codes_and_says_how_near_they_are(run_example, prior):
    answer = run_example("mnist_aae", "--size", "toy", "--prior", prior, "--output", "out")
    files = {file.name: file for file in answer["files"]}
    assert {"codes.png", "reconstructed.png", "decoded.png", "aae.keras"} <= set(files)
    with Image.open(files["codes.png"]) as picture:
        assert picture.size == (1100, 500)
    assert 0.3 < answer["two_sample_accuracy"] <= 1.0
    assert answer["reconstruction_error"] < answer["untrained_error"]
    # The best linear code of two numbers, on digits from -1 to 1: a fact of the data.
    assert 0.18 < answer["pca_error"] < 0.24
    with next(file for file in files.values() if file.suffix == ".csv").open() as file:
        turns = [row["turn"] for row in csv.DictReader(file)]
    rounds = turns.count("reconstruction")
    assert rounds >= 24
    assert turns.count("discriminator") == turns.count("generator") == rounds
