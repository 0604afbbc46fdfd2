"""Every example: its `--help`, and what it says of arguments that it cannot use."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = [
    path.relative_to(EXAMPLES).with_suffix("").as_posix()
    for folder in (EXAMPLES, EXAMPLES / "variations")
    for path in sorted(folder.glob("*.py"))
    if "\ndef main(" in path.read_text(encoding="utf-8")
]

REFUSED = [
    ("anomaly_detection", "--digits 10", "--digits must be from 0 to 9"),
    ("anomaly_detection", "--rounds 0", "--rounds must be positive, not 0"),
    ("anomaly_pictures", "--data nowhere", "--data nowhere: "),
    ("anomaly_pictures", "--rounds 0", "--rounds must be positive, not 0"),
    ("anomaly_pictures", "--false-alarms 1", "--false-alarms must be from 0 to below 1, not 1.0"),
    ("conditional_digits", "--epochs 0", "--epochs must be positive, not 0"),
    ("digits_dcgan", "--data nothing_here", "--data nothing_here: "),
    ("digits_dcgan", "--data gaussian", "these are not pictures"),
    ("digits_dcgan", "--data mnist --image-size 9", "only digits and folders can be resized"),
    ("digits_dcgan", "--steps 0", "--steps must be positive, not 0"),
    ("gaussian_1d", "--mean 4", "add --modern"),
    ("gaussian_1d", "--every 70", "--every must divide 1000"),
    ("gaussian_1d", "--seeds 0", "must be positive"),
    ("gaussian_1d", "--show", "--show needs a screen"),
    ("image_aae", "--data nowhere", "--data nowhere: "),
    ("image_aae", "--image-size 0", "--image-size must be positive, not 0"),
    ("image_aae", "--rounds 0", "--rounds must be positive, not 0"),
    ("mnist_aae", "--data gaussian", "--data gaussian: labeled images"),
    ("mnist_aae", "--rounds 0", "--rounds must be positive, not 0"),
    ("mnist_dcgan", "", "required: --mode"),
    ("mnist_dcgan", "--mode draw", "choose from"),
    ("mnist_dcgan", "--mode generate", "train one first, with --mode train"),
    ("mnist_dcgan", "--mode train --data nothing_here", "--data nothing_here: "),
    ("mnist_dcgan", "--mode train --data ring", "--data ring: these are not images"),
    ("mnist_dcgan", "--mode train --batch_size 5000", "there are only 1797 images"),
    ("mnist_dcgan", "--mode train --nice", "--nice goes with --mode generate"),
    ("mnist_mlp", "--data nothing_here", "--data nothing_here: "),
    ("mnist_mlp", "--data ring", "--data ring: "),
    ("mnist_mlp", "--recipe magic", "invalid choice"),
    ("mnist_mlp", "--epochs 0", "--epochs must be positive, not 0"),
    ("sine_waves", "--noise -1", "--noise must not be negative"),
    ("sine_waves", "--epochs 0", "must be positive"),
    ("tracking", "--tracker neptune", "choose from"),
    ("tracking", "--epochs 0", "--epochs must be positive, not 0"),
    ("variations/cycle_gan", "--steps 20", "--steps must be at least 100, not 20"),
    ("variations/cycle_gan", "--data nothing.npz", "--data: "),
    ("variations/cycle_gan", "--data gaussian", "--data: gaussian has no labels"),
    ("variations/dimensionality_reduction", "--epochs 0", "--epochs must be positive, not 0"),
    ("variations/dimensionality_reduction", "--labels 5", "`per_class`"),
    ("variations/dimensionality_reduction", "--data nothing.npz", "--data nothing.npz, --labels"),
    ("variations/dimensionality_reduction", "--data gaussian", "--data gaussian, --labels"),
    ("variations/image_to_image", "--steps 0", "--steps must be positive, not 0"),
    ("variations/image_to_image", "--data absent.npz", "--data absent.npz: "),
    ("variations/image_to_image", "--data gaussian", "--data gaussian: 64 labeled images"),
    ("variations/inpainting", "--steps -1", "--steps must be positive, not -1"),
    ("variations/inpainting", "--data absent.npz", "--data absent.npz: "),
    ("variations/progressive", "--rounds 0", "--rounds must be 12 or more, not 0"),
    ("variations/progressive", "--data gaussian", "labeled images of up to 32×32 are needed"),
    ("variations/progressive", "--data nothing.npz", "--data nothing.npz: "),
    ("variations/semi_supervised", "--epochs 0", "--epochs must be positive, not 0"),
    ("variations/semi_supervised", "--labels 5", "`per_class`"),
    ("variations/semi_supervised", "--data nothing.npz", "--data nothing.npz, --labels"),
    ("variations/semi_supervised", "--data gaussian", "--data gaussian, --labels"),
    ("variations/semi_supervised_auto_encoder", "--epochs 0", "--epochs must be positive, not 0"),
    ("variations/semi_supervised_auto_encoder", "--labels 5", "`per_class`"),
    ("variations/semi_supervised_auto_encoder", "--data nothing.npz", "--data nothing.npz, "),
    ("variations/semi_supervised_auto_encoder", "--data gaussian", "--data gaussian, "),
    ("variations/super_resolution", "--steps 0", "--steps must be positive, not 0"),
    ("variations/super_resolution", "--data absent.npz", "--data absent.npz: "),
    ("variations/text_to_image", "--rounds 0", "--rounds must be positive, not 0"),
    ("variations/text_to_image", "--data absent.npz", "--data absent.npz: "),
    ("variations/text_to_speech", "--rounds 0", "--rounds must be positive, not 0"),
]


@pytest.fixture
def exit_status(tmp_path, monkeypatch):
    """Runs an example whose arguments end it at once, in `tmp_path`; nothing may be written there.

    It runs in this process, for TensorFlow takes longer to import than these take to end.
    """

    def run(name, *arguments):
        script = EXAMPLES / f"{name}.py"
        monkeypatch.chdir(tmp_path)
        monkeypatch.syspath_prepend(script.parent)  # as Python does
        monkeypatch.setattr("sys.argv", [str(script), *arguments])
        with pytest.raises(SystemExit) as end:
            runpy.run_path(str(script), run_name="__main__")
        assert not list(tmp_path.iterdir())
        return end.value.code

    return run


def test_every_example_is_tried():
    assert len(SCRIPTS) > 15
    assert {name for name, _, _ in REFUSED} == set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_help(exit_status, capsys, name):
    assert exit_status(name, "--help") == 0
    shown = capsys.readouterr().out
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source), clean=False).strip() in shown
    for option in ("--seed SEED", "--output DIRECTORY"):
        assert option in shown
    assert ("--size {full,toy}" in shown) == ("toy=" in source)


def test_the_page_says_which_examples_have_a_toy_size():
    page = (EXAMPLES.parent / "docs" / "examples.md").read_text(encoding="utf-8")
    (claim,) = re.findall(r"^- `--size toy`.*?(?=^- )", page, re.MULTILINE | re.DOTALL)
    assert "All scripts in `examples/` have it" in claim
    named = {f"variations/{name}" for name in re.findall(r"`(\w+)\.py`", claim)}
    have = {name for name in SCRIPTS if "toy=" in (EXAMPLES / f"{name}.py").read_text("utf-8")}
    assert have == named | {name for name in SCRIPTS if "/" not in name}


@pytest.mark.parametrize(("name", "arguments", "message"), REFUSED)
def test_bad_arguments(exit_status, capsys, name, arguments, message):
    assert exit_status(name, *arguments.split()) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
