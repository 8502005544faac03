"""The optimizer: Adam with decoupled weight decay (Loshchilov and Hutter 2019), in one kernel for all weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

BETAS = (0.9, 0.999)
EPSILON = 1e-8


@dataclass(frozen=True, eq=False)
class _Moments:
    """What Adam knows of a weight. step: () float32, how many steps there were. The others: of the weight's shape."""

    step: Tensor
    exp_avg: Tensor
    exp_avg_sq: Tensor


class AdamW:
    """The steps of `torch.optim.AdamW(..., fused=True)`, bit for bit.

    That class imports PyTorch's compiler when it is made, which takes 100 MB and seconds, although nothing is compiled.
    Its moments are there before the first step, as a checkpoint needs them. Biases and the scales of batch norms, which
    have one dimension, do not decay.
    """

    def __init__(self, network: nn.Module, device: str, weight_decay: float) -> None:
        self._moments: dict[Tensor, _Moments] = {
            parameter: _Moments(
                step=torch.zeros((), device=device),
                exp_avg=torch.zeros_like(parameter),
                exp_avg_sq=torch.zeros_like(parameter),
            )
            for parameter in network.parameters()
        }
        self._groups = (
            ([parameter for parameter in network.parameters() if parameter.dim() > 1], weight_decay),
            ([parameter for parameter in network.parameters() if parameter.dim() == 1], 0.0),
        )

    def tensors(self, parameter: nn.Parameter) -> Iterator[tuple[str, Tensor]]:
        """What is known of a weight, by name. The tensors are not copied."""
        moments = self._moments[parameter]
        yield "step", moments.step
        yield "exp_avg", moments.exp_avg
        yield "exp_avg_sq", moments.exp_avg_sq

    def forget_gradients(self) -> None:
        """Before the gradients of the next batch are added up."""
        for parameter in self._moments:
            parameter.grad = None

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Change every weight that has a gradient."""
        for parameters, weight_decay in self._groups:
            changed: list[Tensor] = [parameter for parameter in parameters if parameter.grad is not None]
            moments = [self._moments[parameter] for parameter in changed]
            adamw(
                changed,
                [parameter.grad for parameter in changed if parameter.grad is not None],
                [known.exp_avg for known in moments],
                [known.exp_avg_sq for known in moments],
                [],
                [known.step for known in moments],
                fused=True,
                amsgrad=False,
                beta1=BETAS[0],
                beta2=BETAS[1],
                lr=learning_rate,
                weight_decay=weight_decay,
                eps=EPSILON,
                maximize=False,
            )
