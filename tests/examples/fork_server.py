"""Runs scripts in forks of a process that has imported TensorFlow once, which takes longer than most scripts.

It reads a request a line, `{"script", "arguments", "folder", "stdout", "stderr"}`, and answers with the
script's process and then its exit status. A script cannot tell: TensorFlow has been imported, not started.
"""

import json
import os
import runpy
import sys
import traceback

import matplotlib.pyplot
import sklearn.linear_model
import tensorflow

import kerasgan


def run(request):
    """Becomes the script; returns its exit status."""
    os.setsid()
    for name, stream in (("stdout", 1), ("stderr", 2)):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(request["folder"])
    sys.argv = [request["script"], *request["arguments"]]
    sys.path.insert(0, os.path.dirname(request["script"]))
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


def main():
    """Answers requests until there are no more."""
    imported = {module.__name__ for module in (kerasgan, matplotlib, sklearn, tensorflow)}
    print(json.dumps(sorted(imported)), flush=True)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            status = 1
            try:
                status = run(json.loads(line))
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(status)
        print(json.dumps(child), flush=True)
        print(json.dumps(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])), flush=True)


if __name__ == "__main__":
    main()
