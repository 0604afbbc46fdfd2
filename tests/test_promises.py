"""The table of promises in the documents has a row for every promise that a test is marked with."""

import re
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def test_the_table_has_every_promise_and_no_broken_one():
    marks = re.compile(r"pytest\.mark\.promise\(\s*\"([^\"]+)\"")
    promised = {
        promise
        for path in (PROJECT / "tests").rglob("test_*.py")
        for promise in marks.findall(path.read_text(encoding="utf-8"))
    }
    table = (PROJECT / "docs" / "promises.md").read_text(encoding="utf-8")
    rows = {line.split(" | ")[0].removeprefix("| ") for line in table.splitlines() if "|" in line}
    assert promised - {"…"} <= rows
    assert "✗" not in table.split("\n\n", 2)[2]
