"""Runs scripts in forks of a process that has imported TensorFlow once, which takes longer than most scripts.

`ForkServer` is for the tests; what it starts is this file, which reads a request a line and answers in one.
`{"script", "arguments", "folder", "stdout", "stderr", "environment", "optimizes_graphs"}` is answered by the
number of the script's process, `{"wait"}` of such a number by its exit status, once it has ended. A script
cannot tell: TensorFlow has been imported, not started, so that its devices and threads are the script's own.
A GPU that had been started could not even be used after a fork.
"""

from __future__ import annotations

import json
import os
import runpy
import select
import signal
import subprocess
import sys
import traceback
from pathlib import Path

PROJECT = Path(__file__).parents[2]
# What may be another from test to test, and TensorFlow reads when it starts.
OF_THE_TEST = "TF_DETERMINISTIC_OPS"


class Program:
    """A script that runs, or has run."""

    def __init__(self, server: ForkServer, command: list[str], number: int, printed: dict) -> None:
        self.server, self.command, self.number, self.files = server, command, number, printed
        self.status: int | None = None

    def wait(self, seconds: float) -> subprocess.CompletedProcess[str]:
        """Waits for the end; kills the script, and raises, if that takes too long."""
        if self.status is None:
            self.server.ask({"wait": self.number})
            is_late = not self.server.has_answered(seconds)
            if is_late:
                os.kill(self.number, signal.SIGKILL)
            self.status = self.server.answer()
            if is_late:
                printed = self.printed()
                raise subprocess.TimeoutExpired(
                    self.command, seconds, printed["stdout"], printed["stderr"]
                )
        return subprocess.CompletedProcess(self.command, self.status, **self.printed())

    def printed(self) -> dict[str, str]:
        return {
            name: Path(file).read_text(encoding="utf-8", errors="replace")
            for name, file in self.files.items()
        }

    def end(self) -> None:
        """Kills the script, if it runs."""
        if self.status is None:
            os.kill(self.number, signal.SIGKILL)
            self.wait(60)


class ForkServer:
    """A process with TensorFlow imported: what it starts need not import it again."""

    def __init__(self) -> None:
        inherited = os.environ.get("PYTHONPATH")
        path = os.pathsep.join([str(PROJECT), *([inherited] if inherited else [])])
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            env={**os.environ, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        self.answer()

    def ask(self, request: dict) -> None:
        self.process.stdin.write(json.dumps(request).encode() + b"\n")

    def has_answered(self, seconds: float) -> bool:
        return bool(select.select([self.process.stdout], [], [], seconds)[0])

    def answer(self):
        """Returns the next line that the server writes."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"The fork server ended with status {self.process.wait()}.")
        return json.loads(line)

    def start(
        self,
        script: str | Path,
        *arguments: object,
        folder: Path,
        environment: dict[str, str] | None = None,
        optimizes_graphs: bool = True,
    ) -> Program:
        """Starts a script.

        Args:
            script: Path of it.
            *arguments: Its command line.
            folder: Its current directory. What it prints goes to files beside that.
            environment: What it finds in the environment beside what the tests do.
            optimizes_graphs: Whether TensorFlow does, as it does for users. That takes about a fifth of the
                time of programs as small as those of the tests, and what it comes to is the same but for
                rounding, so what only has to run may go without.
        """
        printed = {name: f"{folder}.{name}" for name in ("stdout", "stderr")}
        command = [str(script), *map(str, arguments)]
        request = {"script": command[0], "arguments": command[1:], "folder": str(folder)}
        of_the_test = {name: os.environ[name] for name in (OF_THE_TEST,) if name in os.environ}
        more = {
            "environment": {**of_the_test, **(environment or {})},
            "optimizes_graphs": optimizes_graphs,
        }
        self.ask({**request, **more, **printed})
        return Program(self, command, self.answer(), printed)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)


def become(request):
    """Becomes the script; returns its exit status."""
    import tensorflow

    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests heed no Ctrl-C
    for name, stream in (("stdout", 1), ("stderr", 2)):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    if not request["optimizes_graphs"]:
        tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    sys.argv = [request["script"], *request["arguments"]]
    sys.path[0] = os.path.dirname(request["script"])
    try:
        runpy.run_path(request["script"], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except Exception:  # noqa: BLE001  # as the interpreter does
        traceback.print_exc()
        return 1
    return 0


def started(request):
    """Forks; returns the number of the child, which becomes the script."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        status = become(request)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def main():
    """Answers requests until there are no more."""
    import matplotlib.pyplot
    import sklearn.linear_model
    import tensorflow

    import kerasgan

    if os.environ.get("NVIDIA_TF32_OVERRIDE") == "0":
        # As in the process of the tests; it starts nothing.
        tensorflow.config.experimental.enable_tensor_float_32_execution(False)
    imported = {module.__name__ for module in (kerasgan, matplotlib, sklearn, tensorflow)}
    print(json.dumps(sorted(imported)), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            answer = os.waitstatus_to_exitcode(os.waitpid(request["wait"], 0)[1])
        else:
            answer = started(request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
