"""Programs of the system that some tests need.

What is missing on a machine skips these tests with the reason. If `KERASGAN_REQUIRE_PROGRAMS` is set, as in
CI, it fails them.
"""

import os
import shutil

import pytest


def lacking(reason):
    if os.environ.get("KERASGAN_REQUIRE_PROGRAMS"):
        pytest.fail(reason)
    pytest.skip(reason)


def program(*names):
    """Returns the path of the first program of these that is installed."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        lacking(
            f"{' or '.join(names)} is not installed. `.ci/system-packages` names Debian's package."
        )
    return found
