"""A server in its own process, which can be stopped, killed and started again."""

from __future__ import annotations

import contextlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import psutil  # type: ignore[import-untyped]

SERVER = Path(__file__).with_name("server.py")


class RunningServer:
    """Runs `server.py` on a free port of the loopback address. A context manager that leaves no process.

    Args:
        model: The folder of the SavedModel.
        classes: The number of classes, if the model takes labels. Defaults to `None`.
        arguments: More arguments of the server. Defaults to none.
        python: The command that runs the script. Defaults to this Python.
    """

    def __init__(
        self,
        model: Path,
        classes: int | None = None,
        arguments: Sequence[str] = (),
        python: Sequence[str] = (sys.executable,),
    ) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.command = [*python, str(SERVER), str(model), f"--port={port}", *arguments]
        if classes:
            self.command.append(f"--classes={classes}")
        self.log = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `__exit__`
        self.start()

    def start(self) -> None:
        """Starts the process."""
        self.process = subprocess.Popen(
            self.command, stdout=self.log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )

    def wait_until_ready(self, seconds: float = 300) -> None:
        """Waits until the server is ready.

        Args:
            seconds: The longest time to wait. Defaults to 300.

        Raises:
            RuntimeError: If the server has ended, or is not ready in time.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz"):
                return
            time.sleep(0.1)
        raise RuntimeError(f"The server is not ready: {self.said()}")

    def said(self) -> str:
        """Returns what the server wrote."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def cpu_seconds(self) -> float:
        """Returns how many seconds the server has computed, in all its threads."""
        times = psutil.Process(self.process.pid).cpu_times()
        return times.user + times.system

    def stop(self) -> int:
        """Asks the server to end (SIGTERM), and returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """Ends the server at once (SIGKILL)."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> RunningServer:
        """Waits until the server is ready."""
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Ends the server."""
        self.kill()
        self.log.close()


def _free_port() -> int:
    # Not a port that systems give to outgoing connections: the connection of a client could take it while the
    # server starts, or even connect to itself. Not a port from a seed either: programs with the same seed
    # would start their servers on the same port.
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No port is free.")
