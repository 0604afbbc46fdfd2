"""Lets a tutorial find the files of the repository that it names, wherever it runs."""

import os
from pathlib import Path

for _name in ("saved_models", "examples"):
    if not Path(_name).exists():
        Path(_name).symlink_to(Path(os.environ["KERASGAN_ROOT"], _name))
