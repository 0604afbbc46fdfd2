"""The page of results: what the records say, each record, and nothing typed by hand."""

import importlib
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def results_page(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("results_page")
    sys.modules.pop("results_page", None)


def test_the_page_is_what_the_records_say(results_page):
    expected = "Run `python benchmarks/results_page.py` and commit docs/results.md."
    assert results_page.PAGE.read_text(encoding="utf-8") == results_page.page(), expected


def test_a_figure_of_a_record_is_on_the_page(results_page, monkeypatch, tmp_path):
    record = json.loads((FOLDER / "results" / "emoji.json").read_text(encoding="utf-8"))
    record["kernel_distance"] = 0.123
    (tmp_path / "emoji.json").write_text(json.dumps(record), encoding="utf-8")
    monkeypatch.setattr(results_page, "RECORDS", tmp_path)
    assert "| Kernel distance | 0.123 | ≤ 1.2 |" in results_page.page()


def test_a_forgotten_record_is_an_error(results_page, monkeypatch, tmp_path):
    (tmp_path / "new.json").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(results_page, "RECORDS", tmp_path)
    with pytest.raises(KeyError, match="nothing for the records new"):
        results_page.page()
