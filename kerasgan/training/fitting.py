"""`fit`, `evaluate` and `predict` of a game. Data are checked before use, and grouped into rounds.

The functions use what `kerasgan.core.AdversarialModel` has in public: its parts `samples` and `target`,
`steps_per_round`, its state, its seeds and its logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from kerasgan.arguments import check_resolution
from kerasgan.arrays import as_array, count_of, is_array
from kerasgan.backend import is_endless
from kerasgan.datasets.python_functions import PythonFunctions
from kerasgan.seeds import seeded
from kerasgan.training.acceleration import chosen_steps_per_execution
from kerasgan.training.epoch_order import EpochOrder
from kerasgan.training.evaluation_data import held_out, most_rows
from kerasgan.training.finite_watch import check_evaluation
from kerasgan.training.listeners import Listeners, check_callbacks, in_order
from kerasgan.training.monitors import prepare_monitors
from kerasgan.training.rounds import number_of_batches
from kerasgan.training.run_description import describe_fit
from kerasgan.training.taking_up import take_up
from kerasgan.training.training_data import (
    check_element,
    check_range,
    checked,
    first_element,
    rounds,
    split,
)


def fit(
    game: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    epochs: int,
    verbose: str | int,
    callbacks: Any,
    validation_split: float,
    validation_data: Any,
    shuffle: bool,
    steps_per_epoch: int | None,
    validation_steps: int | None,
    validation_batch_size: int | None,
    **arguments: Any,
) -> keras.callbacks.History:
    """Trains a game. See `AdversarialModel.fit` for the arguments."""
    check_callbacks(callbacks)
    x, y = as_array(x), as_array(y, "y")
    y = check_data(game, x, y)
    if validation_split:
        x, y, validation_data = split(x, y, validation_split, validation_data)
    if isinstance(x, Iterator):
        x = checked(x, game.samples, game.target)
    to_validate = validation_data
    order = EpochOrder(game.order_seed_generator, shuffle, endless=steps_per_epoch is not None)
    replicas = game.distribute_strategy.num_replicas_in_sync
    with PythonFunctions() as functions:
        data = rounds(
            x, y, batch_size, game.steps_per_round, order, functions, order.endless, replicas
        )
        if validation_data is not None:
            held_out_x, held_out_y, weights = keras.utils.unpack_x_y_sample_weight(validation_data)
            validation_data = _held_out(
                game,
                held_out_x,
                held_out_y,
                weights,
                validation_batch_size or batch_size,
                validation_steps,
                functions,
                argument="validation_data",
            )
        order.data = data
        callbacks, keepers = in_order(callbacks, order, game)
        prepare_monitors(callbacks, game.metrics, validates=validation_data is not None)
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            steps = steps_per_epoch or number_of_batches(data)
            callbacks = Listeners(callbacks, verbose, model=game, epochs=epochs, steps=steps)
        first_batch = 0
        if keepers:
            given = {
                "batch_size": batch_size,
                "shuffle": shuffle,
                "steps_per_epoch": steps_per_epoch,
                "validation_steps": validation_steps,
                "validation_batch_size": validation_batch_size,
                **arguments,
            }
            description = {**game.description(), **describe_fit(x, y, to_validate, given)}
            run = (order, callbacks, validation_data, description, epochs, given)
            arguments["initial_epoch"], first_batch = take_up(keepers, game, *run)
        asked = game.compiled_game.steps_per_execution
        if asked == "auto":
            # Finite data may end within an epoch. With single steps, Keras can say where.
            by_user = steps_per_epoch and (steps_per_epoch if is_endless(data) else 1)
            numbers = (by_user, validation_steps)
            asked = chosen_steps_per_execution(game, callbacks.callbacks, numbers)
        # A run can be continued only between two executions.
        compiled_for, at_once = game.steps_per_execution, int(asked)
        game.steps_per_execution = 1 if first_batch % at_once else at_once
        try:
            return keras.Model.fit(
                game,
                data,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                validation_data=validation_data,
                # The data set itself shuffles.
                shuffle=False,
                steps_per_epoch=steps_per_epoch,
                validation_steps=validation_steps,
                validation_batch_size=validation_batch_size,
                **arguments,
            )
        finally:
            game.steps_per_execution = compiled_for
            for keeper in keepers:
                keeper.release()
            order.release()


def evaluate(
    game: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    verbose: str | int,
    sample_weight: Any,
    steps: int | None,
    callbacks: Any,
    **arguments: Any,
) -> dict[str, float]:
    """Evaluates a game on held-out data. See `AdversarialModel.evaluate` for the arguments."""
    check_callbacks(callbacks)
    # Layers that draw noise have seeds too.
    with seeded(game.judged_models(), seed=0), PythonFunctions() as functions:
        # In `fit` the data are prepared already.
        if not arguments.get("_use_cached_eval_dataset"):
            data = _held_out(game, x, y, sample_weight, batch_size, steps, functions)
            x, y = data if isinstance(data, tuple) else (data, None)
        logs: dict[str, float] = keras.Model.evaluate(
            game,
            x,
            y,
            verbose=verbose,
            steps=steps,
            callbacks=callbacks,
            return_dict=True,
            **arguments,
        )
    check_evaluation(game, logs)
    return logs


def predict(
    game: Any,
    x: Any,
    batch_size: int | None,
    verbose: str | int,
    steps: int | None,
    callbacks: Any,
) -> Any:
    """Returns a game's outputs for inputs. See `AdversarialModel.predict` for the arguments."""
    check_callbacks(callbacks)
    # Keras makes its function for this only once, for one number of steps. `fit` may have set another.
    fitting, game.steps_per_execution = game.steps_per_execution, 1
    try:
        return keras.Model.predict(game, x, batch_size, verbose, steps, callbacks)
    finally:
        game.steps_per_execution = fitting


def check_data(game: Any, x: Any, y: Any, argument: str = "x") -> Any:
    """Returns `y` in the form that the game takes. Raises if the data do not fit the game."""
    samples, target = game.samples, game.target
    if not is_array(x):
        element = first_element(x)
        if element is not None:
            check_element(element, samples, target, argument)
        return y
    samples.check_arrays(argument, x)
    check_range(x, samples, argument)
    if keras.config.floatx() != "float64":
        for each in samples.flat(x):
            check_resolution(argument, each)
    if (target is None) != (y is None):
        expected = "none" if target is None else "the condition of each sample"
        raise ValueError(
            f"Invalid value for argument `y`. Expected {expected} for `{type(game).__name__}`. "
            f"Received: {'None' if y is None else type(y)}"
        )
    return None if target is None else target.conditions("y", y, count_of(x), single=False)


def _held_out(
    game: Any,
    x: Any,
    y: Any,
    sample_weight: Any,
    batch_size: int | None,
    steps: int | None,
    functions: PythonFunctions,
    argument: str = "x",
) -> Any:
    """Checks data to evaluate on. Returns them in Keras's form: `data`, or `(data, y)`."""
    if sample_weight is not None:
        raise ValueError(
            "Invalid value for argument `sample_weight`. Expected none: the examples of a game have "
            f"equal weights. Received: sample_weight of type {type(sample_weight).__name__}"
        )
    x, y = as_array(x), as_array(y, "y")
    y = check_data(game, x, y, argument)
    data, y = held_out(x, y, batch_size, steps, functions)
    counting = [each for each in game.compiled_game.metrics if hasattr(each, "check_count")]
    rows = most_rows(x, batch_size, steps) if counting else None
    if rows is not None:
        for metric in counting:
            metric.check_count(rows, argument)
    return data if y is None else (data, y)
