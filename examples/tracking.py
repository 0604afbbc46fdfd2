"""Trains a small GAN on handwritten digits, and tracks the run with TensorBoard, Weights & Biases or MLflow.

    python examples/tracking.py --tracker tensorboard
    python examples/tracking.py --tracker wandb
    python examples/tracking.py --tracker mlflow

After every epoch the tracker gets the probabilities and losses of the discriminator and the generator, and a
picture of the same 32 samples. Weights & Biases and MLflow log through their own Keras callbacks, as they do
for any Keras model. A few lines of this script hand them the pictures and the settings of the run.

Nothing leaves your computer, and you need no account. MLflow writes to a database in the output folder, and
W&B to a folder there. Set `WANDB_MODE=online` to send the run to your W&B account while it trains.
`wandb sync` sends it later.

The 1,797 digits come with scikit-learn. Two cores need about a minute. `pip install "kerasgan[tracking]"`
installs all three trackers. To install one, use `pip install tensorboard`, `wandb` or `mlflow`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import command_line
import keras
from PIL import Image

import kerasgan

ROWS, COLUMNS = 4, 8
PROJECT = "kerasgan"

# The callbacks of a tracker, and the command that shows the run.
Tracked = tuple[list[keras.callbacks.Callback], str]


@contextlib.contextmanager
def tensorboard(
    folder: Path, settings: dict[str, Any], grids: kerasgan.callbacks.SampleGrid
) -> Iterator[Tracked]:
    """Tracks a run with TensorBoard. This callback draws its own pictures."""
    board = kerasgan.callbacks.TensorBoard(folder, rows=ROWS, columns=COLUMNS, seed=grids.seed)
    yield [board], f"tensorboard --logdir {folder}"


@contextlib.contextmanager
def weights_and_biases(
    folder: Path, settings: dict[str, Any], grids: kerasgan.callbacks.SampleGrid
) -> Iterator[Tracked]:
    """Tracks a run with Weights & Biases, offline unless `WANDB_MODE` says otherwise."""
    import wandb
    from wandb.integration.keras import WandbMetricsLogger

    mode: Any = os.environ.get("WANDB_MODE", "offline")
    with wandb.init(
        project=PROJECT,
        dir=folder,
        config=settings,
        mode=mode,
        settings=wandb.Settings(silent=True),
    ) as run:

        def log_picture(epoch: int, logs: Any) -> None:
            picture = wandb.Image(str(grids.paths[-1]))
            run.log({"epoch/epoch": epoch, "epoch/samples": picture})

        pictures = keras.callbacks.LambdaCallback(on_epoch_end=log_picture)
        yield [of_epochs(WandbMetricsLogger()), pictures], f"wandb leet {Path(run.dir).parent}"


@contextlib.contextmanager
def mlflow(
    folder: Path, settings: dict[str, Any], grids: kerasgan.callbacks.SampleGrid
) -> Iterator[Tracked]:
    """Tracks a run with MLflow, in a database of the folder."""
    import mlflow

    store = f"sqlite:///{folder / 'mlflow.db'}"  # Or the address of your server.
    mlflow.set_tracking_uri(store)
    if mlflow.get_experiment_by_name(PROJECT) is None:
        # Without a location, files would go to the current folder.
        mlflow.create_experiment(PROJECT, artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment(PROJECT)
    with mlflow.start_run():
        mlflow.log_params(settings)

        def log_picture(epoch: int, logs: Any) -> None:
            with Image.open(grids.paths[-1]) as picture:
                mlflow.log_image(picture, key="samples", step=epoch, synchronous=True)

        pictures = keras.callbacks.LambdaCallback(on_epoch_end=log_picture)
        logger = of_epochs(mlflow.keras.MlflowCallback())
        yield [logger, pictures], f"mlflow ui --backend-store-uri {store}"
        mlflow.flush_async_logging()  # The callback logs in a thread of its own.


def of_epochs(callback: keras.callbacks.Callback) -> keras.callbacks.Callback:
    """Tells `fit` that a callback does nothing after single batches, so that `fit` need not wait for it.

    Both loggers have a method for batches. Here they log epochs, so this method returns at once.
    """
    callback.listens_to_batches = False  # `fit` may play several steps at once.
    callback.reads_logs = False  # `fit` need not read the logs of a batch from the device.
    return callback


TRACKERS: dict[str, Callable[..., contextlib.AbstractContextManager[Tracked]]] = {
    "tensorboard": tensorboard,
    "wandb": weights_and_biases,
    "mlflow": mlflow,
}
# The modules that are used. A smaller variant of a package may not have them.
MODULES = {
    "tensorboard": "tensorboard",
    "wandb": "wandb.integration.keras",
    "mlflow": "mlflow.keras",
}


def small_gan(
    sample_shape: tuple[int, ...], steps: int, rate: float, weight: float
) -> kerasgan.GAN:
    """Returns a compiled GAN of two small convolutional networks; see `digits_dcgan.py`."""

    def adam() -> keras.optimizers.Optimizer:
        falling = keras.optimizers.schedules.CosineDecay(rate, decay_steps=steps)
        return keras.optimizers.Adam(falling, beta_1=0.0, beta_2=0.99)

    gan = kerasgan.GAN(
        generator=kerasgan.networks.dcgan_generator(
            latent_shape=64, sample_shape=sample_shape, filters=32, normalization=None
        ),
        discriminator=kerasgan.networks.dcgan_discriminator(sample_shape, filters=32),
    )
    gan.compile(
        generator_optimizer=adam(),
        discriminator_optimizer=adam(),
        loss="non_saturating",
        penalties=[kerasgan.penalties.R1(weight), kerasgan.penalties.R2(weight)],
    )
    return gan


def main() -> None:
    """Trains, and tells you where the run is and how to look at it."""
    parser = command_line.make_parser(__doc__)
    parser.add_argument(
        "--tracker",
        choices=list(TRACKERS),
        default="tensorboard",
        help="tracker to use (default: tensorboard)",
    )
    parser.add_argument("--epochs", type=int, help="number of epochs (default: 30)")
    command_line.add_common_options(parser, toy="2 epochs of 128 digits", output="outputs/tracking")
    options = parser.parse_args()
    command_line.require_positive(parser, epochs=options.epochs)
    # Before the import of MLflow, which would otherwise send usage data.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    try:
        importlib.import_module(MODULES[options.tracker])
    except ImportError as error:
        name = options.tracker
        parser.error(
            f"--tracker {name} needs the package {name!r}. Install it with "
            f'`pip install "kerasgan[tracking]"`, or alone with `pip install {name}` ({error})'
        )

    start, started = time.perf_counter(), time.time()
    keras.utils.set_random_seed(options.seed)
    data = kerasgan.datasets.load("digits")
    if options.size == "toy":
        data = data.take(128)
    settings = {
        "epochs": options.epochs or (2 if options.size == "toy" else 30),
        "batch_size": 64,
        "learning_rate": 2e-3,
        "penalty_weight": 0.05,
        "seed": options.seed,
    }
    epochs, batch_size = int(settings["epochs"]), int(settings["batch_size"])
    gan = small_gan(
        data.sample_shape,
        steps=epochs * (len(data) // batch_size),
        rate=settings["learning_rate"],
        weight=settings["penalty_weight"],
    )
    folder = (options.output / options.tracker).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    grids = kerasgan.callbacks.SampleGrid(folder / "samples", rows=ROWS, columns=COLUMNS)
    with TRACKERS[options.tracker](folder, settings, grids) as (callbacks, command):
        # The grids come first, because a tracker takes the last picture.
        history = gan.fit(
            data.x,
            batch_size=batch_size,
            epochs=epochs,
            callbacks=[grids, *callbacks],
            verbose=2,
        ).history

    print(f"\nPictures:    {grids.directory}\nThe run:     {folder}\nLook at it:  {command}")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    written = [path for path in files if path.stat().st_size and path.stat().st_mtime >= started]
    answer = {
        "tracker": options.tracker,
        **settings,
        **{name: round(values[-1], 4) for name, values in history.items()},
    }
    command_line.print_answer(answer, written, start)


if __name__ == "__main__":
    main()
