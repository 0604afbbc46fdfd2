"""Settings of the documentation site. `sphinx-build -W --keep-going -n docs outputs/site` builds it."""

import configparser
import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent

# Where links to files of the repository lead.
_setup = configparser.ConfigParser()
_setup.read(ROOT / "setup.cfg", encoding="utf-8")
REPOSITORY = _setup["metadata"]["url"]

# The package of this folder, here and in the tutorials' processes, whatever is installed.
sys.path[:0] = [str(ROOT), str(DOCS / "_extensions")]
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
)
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = ""  # the tutorials show what a CPU does
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# What the tutorials' processes do first: see the file there.
os.environ["IPYTHONDIR"] = str(DOCS / "_extensions" / "ipython")
os.environ["KERASGAN_ROOT"] = str(ROOT)

from docstrings import source_of  # noqa: E402

import kerasgan  # noqa: E402

project = "kerasgan"
author = "the kerasgan authors"
project_copyright = "the kerasgan authors, Apache-2.0"
release = version = kerasgan.__version__
html_title = f"kerasgan {version}"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.linkcode",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    # Ours, in `_extensions`.
    "api_pages",
    "docstrings",
    "repository_links",
]
exclude_patterns = ["_extensions", "_static"]
repository_files = f"{REPOSITORY}/blob/main"

# Pages.
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4  # as on GitHub: `page.md#a-heading`

# Tutorials.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300  # of a cell, on a busy machine
nb_execution_in_temp = True
nb_output_stderr = "remove"  # remarks of TensorFlow

# The API reference.
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_inherit_docstrings = False  # those of Keras have another format
add_module_names = False
toc_object_entries_show_parents = "hide"
python_maximum_signature_line_length = 76
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_custom_sections = [("Call arguments", "params_style"), "Input shape", "Output shape"]

# With `-n`, what a type hint names must have a page, except for:
nitpick_ignore_regex = [
    # Other people's packages and the standard library. A build looks nothing up on the network.
    (
        r"py:.*",
        r"(keras|np|numpy|tensorflow|collections|contextlib|pathlib|inspect|os|argparse|PIL)\..*",
    ),
    # Classes of kerasgan that no package exports: what a hint such as `Collector` names is not for users.
    (r"py:class", r"kerasgan\.(\w+\.\w+|part)\.\w+"),
]


def linkcode_resolve(domain: str, info: dict[str, str]) -> str | None:
    """Returns where the source of an object is."""
    return source_of(domain, info, repository_files)


# The looks.
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
pygments_style = "friendly"
pygments_dark_style = "native"
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
    "light_css_variables": {"color-brand-primary": "#b3321b", "color-brand-content": "#b3321b"},
    "dark_css_variables": {"color-brand-primary": "#ff9b7a", "color-brand-content": "#ff9b7a"},
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
