"""Serves SavedModels with TensorFlow alone: neither Keras nor this package can be imported here.

`serve.py FOLDER`: calls signatures of each `FOLDER/MODEL` on the arrays of `FOLDER/requests.npz`, named
`MODEL/SIGNATURE/INPUT`, and writes what comes out to `FOLDER/answers.npz` as `MODEL/SIGNATURE/OUTPUT`.
"""

import sys
from pathlib import Path

BLOCKED = {"keras", "kerasgan", "tf_keras"}


class Without:
    """A finder of modules that does not find some: as where they are not installed."""

    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED:
            return None
        return self.finder.find_spec(name, path, target)


def main(folder):
    sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
    import numpy as np
    import tensorflow as tf

    requests, answers = {}, {}
    for name, array in np.load(folder / "requests.npz").items():
        model, signature, argument = name.split("/")
        requests.setdefault(model, {}).setdefault(signature, {})[argument] = tf.constant(array)
    for model, uses in requests.items():
        loaded = tf.saved_model.load(str(folder / model))
        for signature, inputs in uses.items():
            for output, value in loaded.signatures[signature](**inputs).items():
                answers[f"{model}/{signature}/{output}"] = value.numpy()
    np.savez(folder / "answers.npz", **answers)
    present = BLOCKED & {name.split(".")[0] for name in sys.modules}
    if present:
        raise SystemExit(f"these were imported: {present}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
