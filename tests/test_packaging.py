"""The wheel and the sdist: built, looked into, and used in a fresh environment."""

from __future__ import annotations

import configparser
import email.message
import email.parser
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
import trove_classifiers
import yaml
from toy_runs import TOY, write_pictures

import kerasgan

PROJECT = Path(__file__).parents[1]
NAME = f"kerasgan-{kerasgan.__version__}"
SETUP = configparser.ConfigParser()
SETUP.read(PROJECT / "setup.cfg", encoding="utf-8")
EXTRAS = SETUP["options.extras_require"]
PAGE = (PROJECT / "docs" / "installation.md").read_text(encoding="utf-8")


def run(*command: object, cwd: Path) -> str:
    """Runs a program that must succeed, without what shows it the checkout, and returns its output."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


class Built(NamedTuple):
    """The two files, and those of the project that they were made of."""

    sdist: Path
    wheel: Path
    source: set[str]

    def metadata(self) -> email.message.Message:
        """Returns the metadata of the wheel."""
        with zipfile.ZipFile(self.wheel) as archive:
            text = archive.read(f"{NAME}.dist-info/METADATA").decode()
        return email.parser.Parser().parsestr(text)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    """Builds in a copy, since a build writes into the folder of its source."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = {name for name in run(*listed, cwd=PROJECT).split("\0") if (PROJECT / name).is_file()}
    source, output = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("output")
    for name in names:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / name, source / name)
    # As CONTRIBUTING.md says, but with the setuptools that is installed: no network.
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", output, cwd=source)
    sdist, wheel = output / f"{NAME}.tar.gz", output / f"{NAME}-py3-none-any.whl"
    assert set(output.iterdir()) == {sdist, wheel}
    return Built(sdist, wheel, names)


@pytest.mark.processes
def test_the_wheel_has_the_package_and_nothing_else(built):
    with zipfile.ZipFile(built.wheel) as archive:
        names = set(archive.namelist())
    package = {name for name in built.source if name.startswith("kerasgan/")}
    assert {"kerasgan/py.typed", "kerasgan/models/__init__.pyi"} <= package
    assert {name for name in names if ".dist-info/" not in name} == package
    assert {Path(name).suffix for name in package} == {".py", ".pyi", ".typed"}
    assert [name for name in names if Path(name).name == "LICENSE"]


@pytest.mark.processes
def test_the_sdist_has_what_the_wheel_is_made_of(built):
    """`build` has made the wheel of the sdist alone."""
    with tarfile.open(built.sdist) as archive:
        names = {member.name.removeprefix(f"{NAME}/") for member in archive if member.isfile()}
    assert {name for name in names if name.startswith("kerasgan/")} == {
        name for name in built.source if name.startswith("kerasgan/")
    }
    beside = {name for name in names if not name.startswith(("kerasgan/", "kerasgan.egg-info/"))}
    made = {"PKG-INFO"}
    assert beside - made == {
        "CHANGELOG.md",
        "CITATION.cff",
        "LICENSE",
        "MANIFEST.in",
        "README.md",
        "pyproject.toml",
        "setup.cfg",
    }


@pytest.mark.processes
def test_metadata(built):
    metadata = built.metadata()
    assert metadata["Version"] == kerasgan.__version__ == "0.2.0"
    assert metadata["License"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.10"
    assert set(metadata.get_all("Provides-Extra")) == set(EXTRAS)
    classifiers = metadata.get_all("Classifier")
    assert set(classifiers) <= trove_classifiers.classifiers
    assert "Programming Language :: Python :: 3.10" in classifiers
    links = dict(link.split(", ", 1) for link in metadata.get_all("Project-URL"))
    assert {"Changelog", "Documentation", "Issues", "Source"} <= set(links)
    assert all(link.startswith("https://") for link in [metadata["Home-page"], *links.values()])
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_payload().strip() == (PROJECT / "README.md").read_text("utf-8").strip()


class Fresh(NamedTuple):
    """An environment into which the wheel was installed."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its Python."""
        return next(self.folder.glob("*/python"))

    @property
    def command(self) -> Path:
        """The command `kerasgan` that pip has made."""
        return next(self.folder.glob("*/kerasgan"))


@pytest.fixture(scope="module")
def fresh(built, tmp_path_factory) -> Fresh:
    """An environment with the wheel, which borrows the other packages of this one."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    environment = Fresh(folder)
    # The pip of this Python for that one; what pip needs is in the file.
    pip = [sys.executable, "-m", "pip", "--python", environment.python]
    run(*pip, "install", "--no-index", "--no-deps", built.wheel, cwd=folder)
    borrowed = [path for path in sys.path if any(Path(path).glob("*.dist-info"))]
    assert borrowed
    # After its own packages on the path, and read there as folders: files .pth in them, such as that of an
    # editable installation, have no effect.
    (site_packages,) = folder.glob("[lL]ib/**/site-packages")
    (site_packages / "borrowed.pth").write_text("\n".join(borrowed))
    return environment


@pytest.mark.processes
def test_the_wheel_is_what_runs(fresh, tmp_path):
    """With `python -m kerasgan --help`; the command itself is what the next test runs."""
    code = (
        "import importlib.metadata, runpy, sys, kerasgan\n"
        "print(kerasgan.__version__, kerasgan.__file__)\n"
        "print(importlib.metadata.distribution('kerasgan').locate_file('kerasgan/__init__.py'))\n"
        "sys.argv[1:] = ['--help']\n"
        "runpy.run_module('kerasgan', run_name='__main__')\n"
    )
    lines = run(fresh.python, "-W", "error", "-c", code, cwd=tmp_path).splitlines()
    (module,) = fresh.folder.glob("[lL]ib/**/site-packages/kerasgan/__init__.py")
    assert lines[:2] == [f"{kerasgan.__version__} {module}", str(module)]
    assert lines[2].startswith("usage: kerasgan ")
    assert "kerasgan train pictures" in "\n".join(lines)
    assert not list(tmp_path.iterdir())


@pytest.mark.processes
@pytest.mark.slow
def test_the_commands_of_the_readme(fresh, tmp_path):
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    train, sample = re.findall(r"^kerasgan .+$", readme, re.MULTILINE)[:2]
    write_pictures(tmp_path / "pictures")
    assert train == "kerasgan train pictures"
    assert sample == "kerasgan sample pictures-run -n 100 --output new"
    toy = [*TOY[:-1], "1", "--augment", "none"]
    shown = run(fresh.command, *train.split()[1:], *toy, cwd=tmp_path)
    assert "Done." in shown
    run(fresh.command, *sample.split()[1:], cwd=tmp_path)
    assert len(list((tmp_path / "new").glob("*.png"))) == 100


def test_the_citation_names_this_version():
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == kerasgan.__version__
    assert citation["license"] == SETUP["metadata"]["license"]
    assert citation["repository-code"] == SETUP["metadata"]["url"]
    assert citation["message"]
    assert citation["title"].startswith("kerasgan")
    assert all(author["name"] for author in citation["authors"])


def test_the_changelog_is_about_this_version():
    """What is not released stands under `[Unreleased]`; a release names its version and day."""
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.findall(r"^## (.+)$", changelog, re.MULTILINE)[0]
    version = re.escape(kerasgan.__version__)
    assert re.fullmatch(rf"\[Unreleased\]|\[{version}\] - \d{{4}}-\d\d-\d\d", first)


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_page_explains_every_extra(extra):
    line = re.escape(f'pip install "kerasgan[{extra}]"')
    assert re.search(rf"^\| `{extra}` \| [^|]{{20,}} \| `{line}` \|$", PAGE, re.MULTILINE)


def test_the_page_names_the_versions():
    options, metadata = SETUP["options"], SETUP["metadata"]
    lowest = dict(re.findall(r"^(\w+)>=([\d.]+)", options["install_requires"], re.MULTILINE))
    assert f"TensorFlow {lowest['tensorflow']}" in PAGE
    assert f"Keras {lowest['keras']}" in PAGE
    first = options["python_requires"].removeprefix(">=")
    pythons = re.findall(r"Python :: (3\.\d+)$", metadata["classifiers"], re.MULTILINE)
    assert pythons[0] == first
    assert f"Python {first} to {pythons[-1]}" in PAGE
    assert f"{NAME}-py3-none-any.whl" in PAGE
    assert f"`kerasgan {kerasgan.__version__}`" in PAGE


def test_the_line_that_checks_the_installation(capsys):
    (line,) = re.findall(r'^python -c "import kerasgan; (.+)"$', PAGE, re.MULTILINE)
    exec(line, {"kerasgan": kerasgan})
    assert f"The second prints `{capsys.readouterr().out.strip()}`" in PAGE
