"""What `kerasgan train` chooses for a folder."""

import argparse
import dataclasses

import pytest
from toy_runs import write_pictures

from kerasgan.command import choice
from kerasgan.command.choice import choose, plan
from kerasgan.command.train import add
from kerasgan.datasets import inspect_image_folder


def given(*options):
    parser = argparse.ArgumentParser()
    add(parser.add_subparsers())
    return parser.parse_args(["train", "pictures", *options])


@pytest.fixture
def report(tmp_path):
    return inspect_image_folder(write_pictures(tmp_path / "toys", 3))


@pytest.fixture
def accelerated(monkeypatch):
    monkeypatch.setattr(choice, "has_accelerator", lambda: True)


@pytest.fixture
def on_a_cpu(monkeypatch):
    monkeypatch.setattr(choice, "has_accelerator", lambda: False)


def test_a_cpu_gets_a_light_network(on_a_cpu, report):
    settings = choose(given(), report)
    assert (settings.network, settings.size, settings.filters) == ("dcgan", [32, 32], 24)
    assert settings.batch_size == 16
    assert settings.learning_rate == 7e-4
    assert settings.final_learning_rate == pytest.approx(7e-5)
    assert settings.minutes == 30


@pytest.mark.parametrize(
    ("options", "network"),
    [((), "r3gan"), (("--size", "48x64"), "r3gan"), (("--size", "30"), "dcgan")],
)
def test_an_accelerator_gets_r3gan_where_the_size_allows(accelerated, report, options, network):
    assert choose(given(*options), report).network == network


@pytest.mark.parametrize(("count", "augmentation"), [(4_999, "diff_augment"), (5_000, "none")])
def test_few_pictures_are_augmented(report, count, augmentation):
    report = dataclasses.replace(report, count=count)
    assert choose(given(), report).augmentation == augmentation
    assert choose(given("--augment", "adaptive"), report).augmentation == "adaptive"


@pytest.mark.parametrize(
    ("classes", "options", "names", "even"),
    [
        ({"a": 8, "b": 8}, (), ["a", "b"], False),
        ({"a": 40, "b": 8}, (), ["a", "b"], True),
        ({"a": 8, "b": 7}, (), None, False),
        ({"a": 2, "b": 2}, ("--conditional", "yes"), ["a", "b"], False),
        ({"a": 8, "b": 8}, ("--conditional", "no"), None, False),
        ({"a": 80}, ("--conditional", "yes"), None, False),
    ],
)
def test_sub_folders_are_classes_where_they_have_pictures(report, classes, options, names, even):
    report = dataclasses.replace(report, classes=classes, count=sum(classes.values()))
    settings = choose(given(*options), report)
    assert (settings.class_names, settings.even_classes) == (names, even)


def test_epochs_are_passes_over_the_pictures(report):
    report = dataclasses.replace(report, count=1_000)
    assert choose(given("--epochs", "10", "--batch-size", "50"), report).steps == 200


@pytest.mark.parametrize(
    ("steps", "planned", "section", "average"),
    [
        (1, 1, 1, 0.5),
        (100, 100, 1, 0.9),
        (101, 102, 2, 1 - 10 / 102),
        (20_000, 20_000, 200, 0.999),
    ],
)
def test_a_run_has_at_most_a_hundred_sections(report, steps, planned, section, average):
    settings = choose(given(), report)
    plan(settings, steps)
    assert (settings.steps, settings.steps_per_section) == (planned, section)
    assert settings.planned_steps == planned
    assert settings.sections <= 100
    assert settings.average == pytest.approx(average, abs=1e-6)
