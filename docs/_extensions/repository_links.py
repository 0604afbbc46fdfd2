"""Links from a page to a file of the repository, and pages that are files of the repository.

Pages link to other files by relative paths, so that they can be read in the repository too. On the site, a
link to a file that is no page leads to the repository.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

_LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=\))")
# Files outside `docs` that pages include.
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
    "README.md": "index.md",
}


def rewritten(text: str, folder: str, page: str, address: str) -> str:
    """Returns Markdown with links that hold on a page of the site.

    Args:
        text: The Markdown.
        folder: The folder of the file that it is in, from the root of the repository.
        page: The folder of the page that shows it, in `docs`.
        address: The address of the repository's files.
    """

    def replaced(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, match["path"]))
        anchor = match["anchor"] or ""
        if path in PAGES:
            path = f"docs/{PAGES[path]}"
        if not path.startswith("docs/"):
            return f"{address}/{path}{anchor}"
        return posixpath.relpath(path.removeprefix("docs/"), page or ".") + anchor

    return _LINK.sub(replaced, text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connects this file with Sphinx."""
    docs = Path(app.srcdir)

    def on_page(app: Sphinx, name: str, source: list[str]) -> None:
        if app.env.doc2path(name).suffix == ".md":
            folder = posixpath.dirname(name)
            source[0] = rewritten(
                source[0], posixpath.join("docs", folder), folder, app.config.repository_files
            )

    def on_include(app: Sphinx, path: Path, parent: str, source: list[str]) -> None:
        file = Path(docs, path).resolve()
        folder = file.parent.relative_to(docs.parent.resolve()).as_posix()
        source[0] = rewritten(
            source[0], folder, posixpath.dirname(parent), app.config.repository_files
        )

    app.add_config_value("repository_files", "", "env", str)
    app.connect("source-read", on_page)
    app.connect("include-read", on_include)
    return {"parallel_read_safe": True}
