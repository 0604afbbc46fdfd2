"""Every Python snippet of the documents runs, in the order in which a reader meets them."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
DOCUMENTS = sorted([PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")])


def name_of(path):
    return path.relative_to(PROJECT).as_posix().removeprefix("docs/")


def snippets(path):
    return re.findall(r"^```python\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
@pytest.mark.slow
def test_snippets_run(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "document"}
    for number, snippet in enumerate(snippets(path), start=1):
        exec(compile(snippet, f"{name_of(path)}, snippet {number}", "exec"), names)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_within_the_project_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_the_overview_shows_every_model():
    import kerasgan

    shown = "\n".join(snippets(PROJECT / "docs" / "overview.md"))
    assert all(f"kerasgan.{name}(" in shown for name in kerasgan.models.__all__[:4])
