"""The contestants of `gpu.py` in PyTorch: one step, run eagerly, compiled, or recorded as a CUDA graph."""

from __future__ import annotations

import math
from typing import Any

from gpu_worker import Framework, Run, serve

LATENT = 128
BATCHES = 16


class Torch(Framework):
    """PyTorch on a GPU, or on a CPU where there is none."""

    def __init__(self) -> None:
        import torch

        self.torch = torch
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        # What TensorFlow and JAX do by themselves.
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True

    def description(self) -> dict[str, Any]:
        """Returns versions and device."""
        torch = self.torch
        device = torch.cuda.get_device_name() if self.device == "cuda" else "cpu"
        versions = {"torch": torch.__version__, "cuda": torch.version.cuda}
        return {"framework": "PyTorch", "versions": versions, "device": device}

    def memory(self) -> tuple[int, int] | None:
        """Returns what PyTorch's allocator says."""
        if self.device == "cpu":
            return None
        return self.torch.cuda.memory_allocated(), self.torch.cuda.max_memory_allocated()

    def forget_peak(self) -> None:
        """Begins anew."""
        if self.device == "cuda":
            self.torch.cuda.reset_peak_memory_stats()

    def networks(self, size: int, filters: int) -> tuple[Any, Any]:
        """Returns the networks of `gpu_networks.py`."""
        nn = self.torch.nn
        stages = int(math.log2(size)) - 2
        widest = filters * 2 ** (stages - 1)
        generator = [
            nn.Linear(LATENT, 16 * widest, bias=False),
            nn.BatchNorm1d(16 * widest),
            nn.ReLU(),
            nn.Unflatten(1, (widest, 4, 4)),
        ]
        channels = widest
        for stage in reversed(range(stages - 1)):
            width = filters * 2**stage
            generator += [
                nn.ConvTranspose2d(channels, width, 4, 2, 1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
            channels = width
        generator += [nn.ConvTranspose2d(channels, 3, 4, 2, 1), nn.Tanh()]
        discriminator: list[Any] = []
        channels = 3
        for stage in range(stages):
            width = filters * 2**stage
            discriminator += [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2)]
            channels = width
        discriminator += [nn.Flatten(), nn.Linear(16 * channels, 1)]
        return tuple(nn.Sequential(*stack).to(self.device) for stack in (generator, discriminator))

    def make(self, specification: dict[str, Any]) -> Run:
        """Makes the step of `specification["kind"]`."""
        torch, device = self.torch, self.device
        kind, batch, size = (specification[name] for name in ("kind", "batch", "size"))
        if kind == "cuda_graph" and device == "cpu":
            raise RuntimeError("There are no CUDA graphs without a GPU.")
        generator, discriminator = self.networks(size, specification["filters"])
        layout = torch.contiguous_format if kind == "eager" else torch.channels_last
        for player in (generator, discriminator):
            player.to(memory_format=layout)
        optimizers = [
            torch.optim.Adam(
                player.parameters(),
                2e-4,
                betas=(0.5, 0.999),
                fused=device == "cuda",
                capturable=kind == "cuda_graph",
            )
            for player in (generator, discriminator)
        ]
        softplus = torch.nn.functional.softplus
        bfloat16 = specification["precision"] == "bfloat16"

        def autocast() -> Any:
            # Without its cache of casts, which a graph would hold for good.
            return torch.autocast(
                device, torch.bfloat16, enabled=bfloat16, cache_enabled=kind != "cuda_graph"
            )

        def noise() -> Any:
            return torch.randn(batch, LATENT, device=device)

        def discriminator_loss(real: Any) -> Any:
            with torch.no_grad():
                fake = generator(noise())
            scores = discriminator(real), discriminator(fake)
            return softplus(-scores[0]).mean() + softplus(scores[1]).mean()

        def generator_loss() -> Any:
            return softplus(-discriminator(generator(noise()))).mean()

        losses = discriminator_loss, generator_loss
        if kind == "compiled":
            losses = torch.compile(discriminator_loss), torch.compile(generator_loss)

        def step(real: Any) -> Any:
            optimizers[1].zero_grad(set_to_none=True)
            with autocast():
                loss = losses[0](real)
            loss.backward()
            optimizers[1].step()
            # The generator's turn needs no gradients of the discriminator's weights.
            discriminator.requires_grad_(False)
            optimizers[0].zero_grad(set_to_none=True)
            with autocast():
                other = losses[1]()
            other.backward()
            optimizers[0].step()
            discriminator.requires_grad_(True)
            return loss.detach()

        shape = (BATCHES, batch, 3, size, size)
        batches = torch.rand(shape) * 2 - 1
        if device == "cuda":
            batches = batches.pin_memory()

        def to_device(index: int) -> Any:
            real = batches[index % BATCHES].to(device, non_blocking=True)
            return real.contiguous(memory_format=layout)

        if kind != "cuda_graph":

            def run(steps: int) -> None:
                for index in range(steps):
                    loss = step(to_device(index))
                float(loss)

            return run

        # As PyTorch's documentation has it: some steps beside the main stream, and one that is recorded.
        real = to_device(0)
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(3):
                step(real)
        torch.cuda.current_stream().wait_stream(beside)
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            recorded = step(real)

        def replay(steps: int) -> None:
            for index in range(steps):
                real.copy_(batches[index % BATCHES], non_blocking=True)
                graph.replay()
            float(recorded)

        return replay


if __name__ == "__main__":
    serve(Torch)
