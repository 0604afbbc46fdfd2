"""Lets a tutorial find the files of the repository that it names, and keeps TensorFlow's remarks away."""

import logging
import os
from pathlib import Path

for _name in ("saved_models", "examples"):
    if not Path(_name).exists():
        Path(_name).symlink_to(Path(os.environ["KERASGAN_ROOT"], _name))

# In a notebook, TensorFlow writes its log among the outputs.
logging.getLogger("tensorflow").addFilter(lambda record: record.levelno >= logging.ERROR)
