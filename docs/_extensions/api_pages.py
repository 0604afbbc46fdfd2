"""Writes the pages of the API reference into `docs/api`: one for each package, class and function.

The packages for those who work on kerasgan have one page each.
"""

from __future__ import annotations

import importlib
import inspect
import shutil
from pathlib import Path
from typing import Any

import public_objects
from docstrings import converted
from sphinx.application import Sphinx

INTRODUCTION = """
Every public object has a page here, made from its docstring. In Python, ``help(kerasgan.GAN.fit)`` shows the
same text.
"""
NOTE = """
``import kerasgan`` does not import the packages below by name. They are for those who work on kerasgan
itself. Their contents may change in any version.

"""
INDEX = ("Packages", public_objects.FOR_USERS), ("Inside", public_objects.INSIDE)


def write_pages(app: Sphinx) -> None:
    """Writes the pages. A page that has not changed keeps its time, so Sphinx does not read it again."""
    folder = Path(app.srcdir) / "api"
    pages = {"index": _index()}
    for package in public_objects.PACKAGES:
        pages[_page(package)] = _package(package)
        for name, thing in public_objects.exports(package).items():
            is_home = public_objects.home(thing) == (package, name)
            if is_home and package in public_objects.FOR_USERS:
                write = _class if inspect.isclass(thing) else _function
                pages[f"{_page(package)}/{name}"] = write(package, name, thing)
    for path in folder.rglob("*.rst"):
        if str(path.relative_to(folder).with_suffix("")) not in pages:
            path.unlink()
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    for path in folder.glob("*/"):
        if not any(path.iterdir()):
            shutil.rmtree(path)


def _page(package: str) -> str:
    return package.removeprefix("kerasgan.")


def _title(text: str, mark: str = "=") -> str:
    return f"\n{text}\n{mark * len(text)}\n\n"


def _toctree(entries: list[str]) -> str:
    lines = "".join(f"   {entry}\n" for entry in entries)
    return f"\n.. toctree::\n   :hidden:\n\n{lines}"


def _index() -> str:
    text = _title("API reference") + INTRODUCTION
    for head, packages in INDEX:
        text += _title(head, "-") + (NOTE if head == "Inside" else "")
        rows = {f":doc:`{each} <{_page(each)}>`": _first_line(_module(each)) for each in packages}
        text += _rows(rows) + _toctree([_page(each) for each in packages])
    return text


def _module(package: str) -> Any:
    return importlib.import_module(package)


def _package(package: str) -> str:
    module = _module(package)
    text = f":tocdepth: 2\n{_title(package)}.. py:module:: {package}\n\n"
    text += "\n".join(converted(inspect.cleandoc(module.__doc__).split("\n"), _resolver(package)))
    text += "\n"
    exported = public_objects.exports(package)
    groups = {
        "Classes": [name for name, each in exported.items() if inspect.isclass(each)],
        "Functions": [name for name, each in exported.items() if inspect.isfunction(each)],
    }
    for head, names in groups.items():
        if names:
            rows = {
                _link(public_objects.home(exported[name])): _first_line(exported[name], package)
                for name in names
            }
            text += _title(head, "-") + _rows(rows)
    values = [name for name, each in exported.items() if not public_objects.has_page(each)]
    if values:
        text += _title("Values", "-")
    for name in values:
        value = "" if name == "__version__" else f"\n   :value: {_shown(exported[name])}"
        text += f".. py:data:: {name}{value}\n\n   {VALUES.get(f'{package}.{name}', '')}\n\n"
    own = [
        f"{_page(package)}/{name}"
        for name, each in exported.items()
        if public_objects.home(each) == (package, name)
    ]
    if package in public_objects.INSIDE:
        # Few people read these: one page for all objects of a package makes a smaller site.
        for name, each in exported.items():
            if public_objects.home(each) == (package, name):
                kind = "class" if inspect.isclass(each) else "function"
                text += f".. auto{kind}:: {name}\n" + (
                    "   :members:\n\n" if kind == "class" else "\n"
                )
        return text
    return text + (_toctree(own) if own else "")


# Values have no docstrings.
VALUES = {
    "kerasgan.__version__": "The version of the package.",
    "kerasgan.schedules.Schedule": "A number, or a schedule of numbers.",
    "kerasgan.core.Weighted": "A term of a turn's loss and its weight.",
    "kerasgan.training.MOST_STEPS": "The most steps that ``steps_per_execution='auto'`` plays at once.",
    "kerasgan.exporting.CONVERTERS": "The modules of extras that each format of a single file needs.",
    "kerasgan.backend.HOST_TYPES": "The types of variables that stay in the memory of the host.",
}


def _shown(value: Any) -> str:
    return repr(value).replace("keras.src.optimizers.schedules.learning_rate_schedule.", "")


def _resolver(package: str) -> Any:
    return lambda code: public_objects.target(code, package)


def _link(found: tuple[str, str] | None) -> str:
    if found is None:
        raise ValueError("Expected an object that has a page.")
    return f":py:obj:`{found[1]} <{'.'.join(found)}>`"


def _first_line(thing: Any, package: str = "") -> str:
    text = inspect.getdoc(thing) or ""
    paragraph = text.split("\n\n")[0].split("\n")
    return " ".join(converted(paragraph, _resolver(package)))


def _rows(rows: dict[str, str]) -> str:
    text = ".. list-table::\n   :class: objects\n\n"
    return text + "".join(f"   * - {name}\n     - {words}\n" for name, words in rows.items())


def _function(package: str, name: str, function: Any) -> str:
    return f"{_title(name)}.. currentmodule:: {package}\n\n.. autofunction:: {name}\n"


def _class(package: str, name: str, kind: type) -> str:
    text = f"{_title(name)}.. currentmodule:: {package}\n\n.. autoclass:: {name}\n"
    found = public_objects.members(kind)
    own = [each for each, owner in found.items() if owner is kind]
    is_property = [
        each
        for each in own
        if not callable(inspect.getattr_static(kind, each))
        and not isinstance(inspect.getattr_static(kind, each), (classmethod, staticmethod))
    ]
    methods = sorted((each for each in own if each not in is_property), key=_is_for_authors(kind))
    for head, names, directive in (
        ("Methods", methods, "automethod"),
        ("Properties", is_property, "autoproperty"),
    ):
        if names:
            text += _title(head, "-")
            text += "".join(f".. {directive}:: {name}.{each}\n\n" for each in names)
    for owner in kind.__mro__:
        place = public_objects.home(owner)
        inherited = [each for each in found if found[each] is owner and owner is not kind]
        if place is not None and inherited:
            text += _title(f"Inherited from {place[1]}", "-")
            rows = {
                f":py:obj:`{each} <{'.'.join(place)}.{each}>`": _first_line(
                    inspect.getattr_static(owner, each), package
                )
                for each in sorted(inherited, key=_is_for_authors(owner))
            }
            text += _rows(rows)
    return text


def _is_for_authors(kind: type) -> Any:
    """Returns a key that sorts methods: `compile` and what has arguments, then what subclasses define."""

    def key(name: str) -> tuple[bool, bool]:
        value = inspect.getattr_static(kind, name)
        is_use = type(value).__name__ == "Use"
        return name != "compile", not (is_use or "Args:" in (inspect.getdoc(value) or ""))

    return key


def _without_source(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Leaves out the links to a page's source in the repository, where the pages of the API are not."""
    if page.startswith("api/"):
        context["page_source_suffix"] = ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects this file with Sphinx."""
    app.connect("builder-inited", write_pages, priority=100)
    app.connect("html-page-context", _without_source)
    return {"parallel_read_safe": True}
