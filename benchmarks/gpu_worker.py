"""What the processes of `gpu.py` and `speed.py` share: each belongs to a framework, and does what it is told.

A request is a line of JSON, and so is its answer:

- `{"make": specification}` makes a contestant and lets it run until it is warm. The answer has the seconds
  that this took, nearly all of them for compilation, and the peak of the GPU's memory;
- `{"run": name, "steps": n}` is answered by the seconds of n steps;
- `{"drop": name}` forgets a contestant.

What goes wrong is answered by `{"error": message}`, and the process goes on.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

# Runs a number of steps, and returns when the device has done them.
Run = Callable[[int], None]


class Framework(ABC):
    """One framework, as the process that measures it sees it."""

    @abstractmethod
    def description(self) -> dict[str, Any]:
        """Returns its name, its versions, and the device that it computes on."""

    @abstractmethod
    def make(self, specification: dict[str, Any]) -> Run:
        """Makes a contestant."""

    def memory(self) -> tuple[int, int] | None:
        """Returns the bytes that are in use, and their peak; `None` where nobody counts them."""
        return None

    def forget_peak(self) -> None:  # noqa: B027  # for those that can
        """Lets the peak begin at what is in use, where the framework can."""


def made(framework: Framework, specification: dict[str, Any]) -> tuple[Run, dict[str, Any]]:
    """Makes a contestant and warms it up."""
    framework.forget_peak()
    before = framework.memory()
    start = time.perf_counter()
    run = framework.make(specification)
    run(specification["warm_up"])
    seconds = time.perf_counter() - start
    run(specification["warm_up"])
    after = framework.memory()
    peak = None
    # Beside what others hold. A peak that was not forgotten says something only once it is passed.
    if before is not None and after is not None and after[1] > before[1]:
        peak = after[1] - before[0]
    return run, {"seconds_to_first_steps": round(seconds, 2), "peak_bytes": peak}


def serve(start: Callable[[], Framework]) -> None:
    """Answers requests until there are no more.

    Args:
        start: Makes the framework. An `ImportError` is answered by `{"missing": message}`.
    """
    # What frameworks print themselves goes elsewhere.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def answer(**values: Any) -> None:
        answers.write(json.dumps(values) + "\n")

    try:
        framework = start()
    except ImportError as error:
        answer(missing=str(error))
        return
    answer(**framework.description())
    contestants: dict[str, Run] = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "make" in request:
                specification = request["make"]
                run, measured = made(framework, specification)
                contestants[specification["name"]] = run
                answer(**measured)
            elif "run" in request:
                begin = time.perf_counter()
                contestants[request["run"]](request["steps"])
                answer(seconds=time.perf_counter() - begin)
            else:
                contestants.pop(request["drop"], None)
                gc.collect()
                answer()
        except Exception as error:  # noqa: BLE001  # the others go on, and the table says what this one said
            answer(error=f"{type(error).__name__}: {error}"[:500])
