"""The contestant of `gpu.py` in JAX: a hand-written step over Keras's networks."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

from typing import Any

from gpu_worker import Framework, Run, serve


class Jax(Framework):
    """JAX on its first device."""

    def __init__(self) -> None:
        import jax
        import keras

        self.jax, self.keras = jax, keras
        self.device = jax.local_devices()[0]

    def description(self) -> dict[str, Any]:
        """Returns versions and device."""
        versions = {"jax": self.jax.__version__, "keras": self.keras.version()}
        device = self.device.device_kind if self.device.platform == "gpu" else "cpu"
        return {"framework": "JAX", "versions": versions, "device": device}

    def memory(self) -> tuple[int, int] | None:
        """Returns what JAX's allocator says. It cannot forget a peak."""
        statistics = self.device.memory_stats()
        if not statistics:
            return None
        return statistics["bytes_in_use"], statistics["peak_bytes_in_use"]

    def make(self, specification: dict[str, Any]) -> Run:
        """Makes the step, which is one function of all that changes."""
        import gpu_networks as networks

        jax, keras = self.jax, self.keras
        batch, size = specification["batch"], specification["size"]
        bfloat16 = specification["precision"] == "bfloat16"
        keras.config.set_dtype_policy("mixed_bfloat16" if bfloat16 else "float32")
        players = [
            make(size, specification["filters"])
            for make in (networks.generator, networks.discriminator)
        ]
        generator, discriminator = players
        optimizers = [networks.adam() for _ in players]
        for optimizer, player in zip(optimizers, players, strict=True):
            optimizer.build(player.trainable_variables)

        def values(variables: Any) -> list[Any]:
            return [variable.value for variable in variables]

        softplus = jax.nn.softplus

        def step(state: Any, real: Any) -> Any:
            (g, g_rest), (d, d_rest), (g_slots, d_slots), key = state
            key, first, second = jax.random.split(key, 3)
            noise = jax.random.normal(first, (batch, networks.LATENT))
            fake, _ = generator.stateless_call(g, g_rest, noise, training=True)

            def discriminator_loss(d: Any) -> Any:
                real_scores, _ = discriminator.stateless_call(d, d_rest, real, training=True)
                fake_scores, _ = discriminator.stateless_call(d, d_rest, fake, training=True)
                return softplus(-real_scores).mean() + softplus(fake_scores).mean()

            loss, gradients = jax.value_and_grad(discriminator_loss)(d)
            d, d_slots = optimizers[1].stateless_apply(d_slots, gradients, d)

            def generator_loss(g: Any) -> Any:
                noise = jax.random.normal(second, (batch, networks.LATENT))
                fake, rest = generator.stateless_call(g, g_rest, noise, training=True)
                scores, _ = discriminator.stateless_call(d, d_rest, fake, training=True)
                return softplus(-scores).mean(), rest

            (other, g_rest), gradients = jax.value_and_grad(generator_loss, has_aux=True)(g)
            g, g_slots = optimizers[0].stateless_apply(g_slots, gradients, g)
            return ((g, g_rest), (d, d_rest), (g_slots, d_slots), key), (loss, other)

        compiled = jax.jit(step, donate_argnums=0)
        batches = networks.images(size, batch)
        weights = [
            (values(player.trainable_variables), values(player.non_trainable_variables))
            for player in players
        ]
        slots = tuple(values(optimizer.variables) for optimizer in optimizers)
        state = [(*weights, slots, jax.random.PRNGKey(0))]

        def run(steps: int) -> None:
            for index in range(steps):
                state[0], _ = compiled(state[0], batches[index % len(batches)])
            jax.block_until_ready(state[0])

        return run


if __name__ == "__main__":
    serve(Jax)
