"""Turns the Markdown of docstrings into reStructuredText: code, links, lists and tables.

Code that names a public object becomes a link to its page. Napoleon then reads the sections (`Args:` and so
on).
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import public_objects
from sphinx.application import Sphinx
from sphinx.domains.python import PyObject
from sphinx.util.inspect import signature, stringify_signature

import kerasgan

# Code, a link, or a character that means something in reStructuredText only.
_INLINE = re.compile(
    r"``(?P<double>[^`]+)``"
    r"|`(?P<code>[^`]+)`"
    r"|\[(?P<text>[^\]]+)\]\((?P<link>[^)\s]+)\)"
    r"|(?P<special>[*|\\]|(?<=\w)_(?!\w))"
)
_ARGUMENT = re.compile(r"\s*\*+\w+:")
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.) ")


def converted(lines: list[str], resolve: Callable[[str], str | None]) -> list[str]:
    """Returns a docstring in reStructuredText.

    Args:
        lines: The docstring.
        resolve: Returns the documented object that a piece of code names, or `None`.
    """
    found: list[str] = []
    text: list[str] = []

    def end_of_text() -> None:
        if text:
            found.extend(_inline("\n".join(text), resolve).split("\n"))
            text.clear()

    position = 0
    while position < len(lines):
        line = lines[position]
        end = position + 1
        if line.lstrip().startswith((">>>", "```", "|")):
            end_of_text()
            start = line.lstrip()[:3]
            if start == ">>>":
                end = _end(lines, position, lambda each: not each.strip())
                found += lines[position:end]
            elif start == "```":
                end = _end(lines, position + 1, lambda each: each.lstrip().startswith("```")) + 1
                found += _code(lines[position : end - 1])
            else:
                end = _end(lines, position, lambda each: not each.lstrip().startswith("|"))
                found += _table(lines[position:end], resolve)
        elif not line.strip():
            end_of_text()
            found.append(line)
        else:
            starts_list = _ITEM.match(line) and text and not _ITEM.match(text[-1])
            if starts_list and _indent(line) <= _indent(text[-1]):
                end_of_text()
                found.append("")
            text.append(line)
        position = end
    end_of_text()
    return found


def _end(lines: list[str], start: int, is_end: Callable[[str], bool]) -> int:
    return next((n for n in range(start, len(lines)) if is_end(lines[n])), len(lines))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _inline(text: str, resolve: Callable[[str], str | None]) -> str:
    def replaced(match: re.Match[str]) -> str:
        if code := match["double"] or match["code"]:
            code = re.sub(r"\s*\n\s*", " ", code)
            found = resolve(code)
            return f"``{code}``" if found is None else f":py:obj:`{code} <{found}>`"
        if match["link"]:
            words = re.sub(r"\s*\n\s*", " ", match["text"])
            return f"`{words} <{match['link']}>`__"
        start = text.rfind("\n", 0, match.start()) + 1
        argument = _ARGUMENT.match(text, start)
        is_argument = argument is not None and match.start() < argument.end()
        return match["special"] if is_argument else f"\\{match['special']}"

    return _INLINE.sub(replaced, text)


def _code(lines: list[str]) -> list[str]:
    margin = " " * _indent(lines[0])
    language = lines[0].strip().strip("`") or "text"
    code = [f"    {line}" if line.strip() else "" for line in lines[1:]]
    return [f"{margin}.. code-block:: {language}", "", *code, ""]


def _table(lines: list[str], resolve: Callable[[str], str | None]) -> list[str]:
    margin = " " * _indent(lines[0])
    rows = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in lines]
    found = ["", f"{margin}.. list-table::", f"{margin}   :header-rows: 1", ""]
    for row in [rows[0], *rows[2:]]:
        for number, cell in enumerate(row):
            mark = "* -" if number == 0 else "  -"
            found.append(f"{margin}   {mark} {_inline(cell.strip(), resolve)}")
    return [*found, ""]


def _in_docstring(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    inside = [each for each in public_objects.PACKAGES if f"{name}.".startswith(f"{each}.")]
    package = max(inside, key=len, default="")
    first = name.removeprefix(f"{package}.").split(".")[0]
    owner = public_objects.exports(package).get(first) if package else None
    own = _parameters(thing)

    def resolve(code: str) -> str | None:
        if code in own or code == name.rsplit(".", 1)[-1]:
            return None
        if page := re.fullmatch(r"docs/([\w/.-]+)\.md", code):
            return page[1]
        return public_objects.target(code, package, owner if inspect.isclass(owner) else None)

    new = converted(lines, resolve)
    # The pages of the documentation are documents, not objects.
    lines[:] = [re.sub(r":py:obj:`(docs/\S+) <([^>]+)>`", r":doc:`\1 </\2>`", line) for line in new]
    if what == "property":
        # A comment: napoleon takes what is before a colon in the first line for a type.
        lines[:0] = ["..", ""]


def _parameters(thing: Any) -> set[str]:
    function = thing.__init__ if inspect.isclass(thing) else thing
    try:
        return set(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return set()


def _in_signature(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, arguments: str, returns: str
) -> tuple[str, str] | None:
    """Gives a class the signature of its `__init__`: that of Keras's `__new__` is `(*args, **kwargs)`."""
    if what != "class" or not inspect.isclass(thing) or thing.__init__ is object.__init__:
        return None
    own = signature(thing.__init__, bound_method=True)
    if dataclasses.is_dataclass(thing):
        # The annotations of a generated `__init__` are text, and Sphinx cannot read the default `<factory>`.
        hints = typing.get_type_hints(thing)
        factories = {each.name: each.default_factory for each in dataclasses.fields(thing)}
        parameters = []
        for each in own.parameters.values():
            factory = factories[each.name]
            made = each.default if factory is dataclasses.MISSING else factory()
            annotation = hints.get(each.name, each.annotation)
            parameters.append(each.replace(annotation=annotation, default=made))
        own = own.replace(parameters=parameters)
    return stringify_signature(own, show_return_annotation=False, unqualified_typehints=True), ""


def source_of(domain: str, info: dict[str, str], address: str) -> str | None:
    """Returns the address of an object's source, for `sphinx.ext.linkcode`."""
    if domain != "py" or not info["module"]:
        return None
    thing: Any = sys.modules.get(info["module"])
    for name in info["fullname"].split("."):
        thing = inspect.getattr_static(thing, name, None) if thing is not None else None
    thing = getattr(thing, "function", getattr(thing, "fget", thing))
    try:
        path = inspect.getsourcefile(inspect.unwrap(thing))
        lines, first = inspect.getsourcelines(thing)
    except (TypeError, OSError):
        return None
    package = Path(kerasgan.__file__).parent
    if path is None or not Path(path).is_relative_to(package):
        return None
    inside = Path(path).relative_to(package).as_posix()
    return f"{address}/kerasgan/{inside}#L{first}-L{first + len(lines) - 1}"


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects this file with Sphinx."""
    for field in PyObject.doc_field_types:
        if field.name == "variable":
            field.label = "Attributes"  # as in the docstrings
    app.connect("autodoc-process-docstring", _in_docstring, priority=400)  # before napoleon
    app.connect("autodoc-process-signature", _in_signature)
    return {"parallel_read_safe": True}
