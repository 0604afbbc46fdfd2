"""The site: it is built with warnings as errors, every public object has a page, and no link is dead."""

from __future__ import annotations

import html
import importlib
import inspect
import os
import pkgutil
import posixpath
import re
import subprocess
import sys
import zlib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import chromium
import pytest

import kerasgan

pytest.importorskip(
    "sphinx", minversion="9", reason="The site needs Sphinx, and that needs Python 3.11."
)

from docstrings import converted, source_of
from repository_links import rewritten
from sphinx.util.inventory import InventoryFile

PROJECT = Path(__file__).parents[1]
DOCS = PROJECT / "docs"


def rst(text, **objects):
    return "\n".join(converted(text.split("\n"), objects.get))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("`Hinge` of `x`", ":py:obj:`Hinge <k.Hinge>` of ``x``"),
        ("a `long\n    name`", "a ``long name``"),
        ("[Karras,\n2018](https://a.org/b_)", "`Karras, 2018 <https://a.org/b_>`__"),
        ("2 * 3, |x|, a_", "2 \\* 3, \\|x\\|, a\\_"),
        ("    **kwargs: Two * `**b`", "    **kwargs: Two \\* ``**b``"),
        (">>> a * `b`\nc `d`", ">>> a * `b`\nc `d`"),
        ("Some:\n- `a`\n- b\n  c", "Some:\n\n- ``a``\n- b\n  c"),
        ("```\na `b`\n```\nc", ".. code-block:: text\n\n    a `b`\n\nc"),
    ],
    ids=["code", "lines", "link", "special", "kwargs", "doctest", "list", "block"],
)
def test_markdown_of_docstrings(markdown, expected):
    assert rst(markdown, Hinge="k.Hinge") == expected


def test_tables_of_docstrings():
    table = rst("| a | b |\n|---|---|\n| `x` | y |\n\nz")
    assert [line.strip() for line in table.split("\n") if line.strip()] == [
        ".. list-table::",
        ":header-rows: 1",
        "* - a",
        "- b",
        "* - ``x``",
        "- y",
        "z",
    ]


@pytest.mark.parametrize(
    ("module", "name", "expected"),
    [
        ("kerasgan", "GAN", r"https://here/kerasgan/models/gan\.py#L\d+-L\d+"),
        ("kerasgan", "GAN.turns", r"https://here/kerasgan/models/gan\.py#L\d+-L\d+"),
        ("keras", "Model", None),
    ],
)
def test_links_to_sources(module, name, expected):
    importlib.import_module(module)
    found = source_of("py", {"module": module, "fullname": name}, "https://here")
    assert found is None if expected is None else re.fullmatch(expected, found)


def test_an_environment_in_a_clone_called_kerasgan_is_no_source_of_ours(monkeypatch):
    path = "/home/kerasgan/.venv/lib/python3.11/site-packages/keras/src/models/model.py"
    monkeypatch.setattr(inspect, "getsourcefile", lambda thing: path)
    assert source_of("py", {"module": "keras", "fullname": "Model"}, "https://here") is None


@pytest.mark.parametrize(
    ("link", "folder", "page", "expected"),
    [
        ("guide.md#data", "docs", "", "guide.md#data"),
        ("../guide.md", "docs/tutorials", "tutorials", "../guide.md"),
        ("../examples/a.py#L3", "docs", "", "https://here/examples/a.py#L3"),
        ("../CHANGELOG.md", "docs", "", "changelog.md"),
        ("results/a.json", "benchmarks", "", "https://here/benchmarks/results/a.json"),
        ("../docs/emoji.png", "benchmarks", "", "emoji.png"),
        ("https://a.org/b.md", "docs", "", "https://a.org/b.md"),
        ("#data", "docs", "", "#data"),
    ],
)
def test_links_to_files_of_the_repository(link, folder, page, expected):
    text = f"See [this]({link}) and ![that]({link})."
    found = rewritten(text, folder, page, "https://here")
    assert found == text.replace(link, expected)


@pytest.mark.slow
@pytest.mark.processes
def test_the_site(tmp_path, subtests):
    """One test, since the build takes minutes."""
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-E"]
    ran = subprocess.run(
        [*command, "-d", str(tmp_path / "trees"), "docs", str(site)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    with subtests.test("every page of the documents is a page of the site"):
        names = [path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")]
        assert [name for name in names if not (site / f"{name}.html").exists()] == []
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    with subtests.test("every public object has a page"):
        assert without_page(site, pages) == []
    with subtests.test("every argument is listed"):
        for kind, method in [
            (kerasgan.GAN, "compile"),
            (kerasgan.CycleGAN, "compile"),
            (kerasgan.core.AdversarialModel, "fit"),
            (kerasgan.core.AdversarialModel, "evaluate"),
            (kerasgan.core.AdversarialModel, "predict"),
            (kerasgan.core.AdversarialModel, "export"),
        ]:
            assert arguments_without_text(kind, method, pages, site) == []
    with subtests.test("no link is dead"):
        assert dead_links(site, pages) == []
    with subtests.test("in a browser"), chromium.started(tmp_path / "profile") as browser:
        look_at(site, browser, Path(os.environ.get("KERASGAN_SCREENSHOTS") or tmp_path))


def public_objects():
    """Yields the name and the object of everything that a package exports."""
    packages = [each.name for each in pkgutil.iter_modules(kerasgan.__path__) if each.ispkg]
    for package in ["kerasgan", *(f"kerasgan.{name}" for name in packages)]:
        module = importlib.import_module(package)
        for name in module.__all__:
            yield f"{package}.{name}", getattr(module, name)


def without_page(site, pages):
    """Returns the names of public objects that the inventory of the API has no page for."""
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    places = {
        name: item.uri.replace("$", name)
        for kind, items in inventory.items()
        if kind.startswith("py:")
        for name, item in items.items()
    }
    found = list(public_objects())
    assert len(found) > 200
    # An object that several packages export has one page, under one of its names.
    names = {}
    for name, thing in found:
        shared = inspect.isclass(thing) or inspect.isfunction(thing) or inspect.ismodule(thing)
        names.setdefault(id(thing) if shared else name, []).append(name)
    missing = []
    for known in names.values():
        uris = [urlsplit(places[name]) for name in known if name in places]
        if not any(f'id="{uri.fragment}"' in pages[site / uri.path] for uri in uris):
            missing.append(known[0])
    return missing


def arguments_without_text(kind, method, pages, site):
    """Returns the arguments of a method that its page does not describe."""
    package = "core" if kind is kerasgan.core.AdversarialModel else "kerasgan"
    text = pages[site / "api" / package / f"{kind.__name__}.html"]
    place = (
        f"kerasgan.{kind.__name__}" if package == "kerasgan" else f"kerasgan.core.{kind.__name__}"
    )
    own = text.split(f'id="{place}.{method}"', 1)[1].split('<dt class="sig ', 1)[0]
    signature = inspect.signature(getattr(kind, method))
    return [
        name
        for name in list(signature.parameters)[1:]
        if not re.search(rf"<strong>\**{name}</strong> – \S", own)
    ]


def dead_links(site, pages):
    """Returns the links to pages, places in pages, and files of the repository that do not exist."""
    places = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    files = re.search(r'"(https://[^"]+/blob/main/)docs/', pages[site / "index.html"])[1]
    dead = set()
    for path, text in pages.items():
        for link in set(re.findall(r'\b(?:href|src)="([^"]+)"', text)):
            parts = urlsplit(html.unescape(link))
            if parts.scheme or parts.netloc:
                inside = urlsplit(link.removeprefix(files)).path
                # The pages of the API are written by the build: they are in no repository.
                is_there = (PROJECT / inside).exists() and not inside.startswith("docs/api/")
                if link.startswith(files) and not is_there:
                    dead.add((str(path.relative_to(site)), link))
                continue
            target = path
            if parts.path:
                folder = posixpath.dirname(path.relative_to(site).as_posix())
                target = site / posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
            exists = target.exists()
            if exists and parts.fragment and target in places:
                exists = unquote(parts.fragment) in places[target]
            if not exists:
                dead.add((str(path.relative_to(site)), link))
    return sorted(dead)


SHOTS = (
    "index.html",
    "tutorials/your_own_pictures.html",
    "api/core/AdversarialModel.html",
    "promises.html",
    "command.html",
)
WIDTHS = {"desktop": 1280, "phone": 390}


def look_at(site, browser, screenshots):
    """Takes pictures of pages, looks whether others are too wide for a phone, and searches."""
    screenshots.mkdir(parents=True, exist_ok=True)
    for device, width in WIDTHS.items():
        chromium.resize(browser, width, 900)
        for page in SHOTS:
            browser.get((site / page).as_uri())
            name = page.removesuffix(".html").replace("/", "_")
            browser.save_screenshot(str(screenshots / f"site_{name}_{device}.png"))
    pages = [*site.glob("*.html"), *site.glob("tutorials/*.html"), *site.glob("api/*.html")]
    pages += [*site.glob("coming_from_elsewhere/*.html"), *site.glob("api/kerasgan/*.html")]
    wide = []
    for page in pages:
        browser.get(page.as_uri())
        if browser.execute_script("return document.documentElement.scrollWidth > innerWidth"):
            wide.append(page.name)
    assert wide == []
    browser.get(f"{(site / 'search.html').as_uri()}?q=WassersteinGradientPenalty")
    found = chromium.wait_for(browser, "#search-results a[href*='WassersteinGradientPenalty']")
    assert "WassersteinGradientPenalty" in found.text


def test_the_checks_find_faults(tmp_path):
    """A dead link, a dead anchor, missing files of the repository and missing objects are found."""
    links = (
        "https://h/blob/main/docs/index.md",
        "https://h/blob/main/no.py",
        "https://h/blob/main/docs/api/index.rst",
        "b.html",
        "#no",
        "#yes",
    )
    text = '<p id="yes"></p>' + "".join(f'<a href="{link}">a</a>' for link in links)
    (tmp_path / "index.html").write_text(text)
    pages = {path: path.read_text() for path in tmp_path.glob("*.html")}
    assert [link for _, link in dead_links(tmp_path, pages)] == [
        "#no",
        "b.html",
        "https://h/blob/main/docs/api/index.rst",
        "https://h/blob/main/no.py",
    ]
    head = b"# Sphinx inventory version 2\n# Project: a\n# Version: 1\n# Compressed with zlib.\n"
    entry = b"kerasgan.GAN py:class 1 index.html#yes -\n"
    (tmp_path / "objects.inv").write_bytes(head + zlib.compress(entry))
    missing = without_page(tmp_path, pages)
    assert "kerasgan.GAN" not in missing
    assert {"kerasgan.EBGAN", "kerasgan.losses", "kerasgan.losses.get"} <= set(missing)
