"""Runs a script where neither Keras nor this package can be imported: `without_keras.py SCRIPT ...`."""

import runpy
import sys

BLOCKED = {"keras", "kerasgan", "tf_keras"}


class Without:
    """A finder of modules that does not find some: as where they are not installed."""

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            return None
        return self.finder.find_spec(name, path, target)

    def __getattr__(self, name):
        return getattr(self.finder, name)


if __name__ == "__main__":
    sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
    del sys.argv[0]
    sys.path[0] = str(sys.argv[0].rpartition("/")[0])
    runpy.run_path(sys.argv[0], run_name="__main__")
