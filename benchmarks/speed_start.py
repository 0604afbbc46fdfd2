"""Prints how long a fresh process takes until the first step of the MLP GAN, as a line of JSON.

`speed.py` runs this. Its one argument says whether everything is of toy size: `toy` or `full`.
"""

from __future__ import annotations

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def main() -> None:
    """Measures each part of the start."""
    times = [time.perf_counter()]
    import keras  # noqa: F401  # with TensorFlow

    times.append(time.perf_counter())
    import kerasgan

    times.append(time.perf_counter())
    from speed_games import game_of
    from speed_networks import players

    toy = sys.argv[1:] == ["toy"]
    game = game_of("mlp", toy)
    x = game.data()[: game.batch]
    begin = time.perf_counter()
    gan = kerasgan.GAN(**players("mlp", toy))
    gan.compile()
    compiled = time.perf_counter()
    gan.fit(x, batch_size=game.batch, verbose=0)
    first = time.perf_counter()
    gan.fit(x, batch_size=game.batch, verbose=0)
    seconds = {
        "import keras": times[1] - times[0],
        "import kerasgan": times[2] - times[1],
        "make and compile": compiled - begin,
        "first step of fit": first - compiled,
        "second fit of one step": time.perf_counter() - first,
    }
    print(json.dumps({name: round(value, 3) for name, value in seconds.items()}))


if __name__ == "__main__":
    main()
