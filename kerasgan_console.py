"""The console script `kerasgan`.

It lies outside of the package, whose import imports TensorFlow: this says on the terminal which devices and
instructions it found, before the command has said a word.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

# The user's own choice of what TensorFlow says. 1 leaves out what is no warning and no error.
_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
# Some remarks come before TensorFlow reads that. Everything else goes through, line by line.
_FILTER = r"""
import re, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
for line in sys.stdin.buffer:
    if not re.match(rb"WARNING: All log messages before absl|I\d{4} ", line):
        sys.stdout.buffer.write(line)
        sys.stdout.flush()
"""
_SECONDS = 5.0


def main() -> int:
    """Runs the command `kerasgan`; see `kerasgan.command.main`."""
    with without_remarks():
        from kerasgan.command import main as run
    return run()


@contextlib.contextmanager
def without_remarks() -> Iterator[None]:
    """Leaves out TensorFlow's remarks on standard error, and nothing else.

    A process of its own reads what is written, so that the reason why another one was aborted is not lost.
    Where the user has set `TF_CPP_MIN_LOG_LEVEL`, all is as it was.
    """
    if _LEVEL in os.environ:
        yield
        return
    os.environ[_LEVEL] = "1"
    try:
        terminal = os.dup(2)
    except OSError:  # There is no standard error.
        yield
        return
    reader = subprocess.Popen(
        [sys.executable, "-ISc", _FILTER], stdin=subprocess.PIPE, stdout=terminal
    )
    pipe = reader.stdin
    if pipe is not None:
        os.dup2(pipe.fileno(), 2)
        pipe.close()
    try:
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)
        # It ends when nobody can write to it any more.
        with contextlib.suppress(subprocess.TimeoutExpired):
            reader.wait(_SECONDS)
