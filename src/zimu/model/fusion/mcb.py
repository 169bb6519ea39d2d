"""Compact bilinear pooling (MCB): the outer product seen through a sketch that is never wider than d.

Ψᵢ(x)[k] = Σ_j [hᵢ(j) = k] sᵢ(j) x[j],  Φ = F⁻¹(F(Ψ₁(x₁)) ⊙ … ⊙ F(Ψ_N(x_N))),  y = W power(Φ) + b.

The hashes hᵢ and signs sᵢ are drawn once. ⟨Φ(x, y), Φ(u, v)⟩ has the mean ⟨x, u⟩⟨y, v⟩, the inner product of
the outer products, and a variance of at most (3^N - 1) / d for vectors of length 1 (tested).

Source: Fukui et al. 2016 (arXiv:1606.01847); Pham & Pagh 2013 (KDD), "Fast and
scalable polynomial kernels via explicit feature maps", for the sketch of N factors and its variance.
Departs: in an exported graph the transform is ONNX's DFT of complex numbers, since its form for real ones has
no inverse before version 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from zimu.model.fusion.options import Count
from zimu.model.fusion.power import power_normalise

__all__ = ["CompactBilinear", "circular_product", "count_sketch"]


class CompactBilinear(nn.Module):
    """N vectors [..., D] to one.

    Args:
        count: N.
        width: D.
        sketch: d.
        seed: Of the hashes and signs.
    """

    hashes: Tensor
    signs: Tensor

    def __init__(self, count: int, width: int, sketch: Count = 1024, seed: int = 0) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        self.sketch = sketch
        self.register_buffer("hashes", torch.randint(sketch, (count, width), generator=draw))
        self.register_buffer("signs", 2.0 * torch.randint(2, (count, width), generator=draw) - 1.0)
        self.out = nn.Linear(sketch, width)

    def forward(self, vectors: Sequence[Tensor]) -> Tensor:
        result: Tensor = self.out(power_normalise(self.pool(vectors)))
        return result

    def pool(self, vectors: Sequence[Tensor]) -> Tensor:
        """Return Φ, [..., d]."""
        sketches = [
            count_sketch(x, h, s, self.sketch)
            for x, h, s in zip(vectors, self.hashes, self.signs, strict=True)
        ]
        return circular_product(sketches)


def count_sketch(values: Tensor, hashes: Tensor, signs: Tensor, sketch: int) -> Tensor:
    """Return Ψ(x) [..., d] of x [..., D].

    Args:
        values: x.
        hashes: int64 [D], in [0, d).
        signs: [D], each 1 or -1.
        sketch: d.
    """
    if torch.onnx.is_in_onnx_export():
        # ONNX adds at doubled indices from version 16 on, but its exporter warns of them: a table has none.
        table = signs.new_zeros(len(signs), sketch).scatter(1, hashes.unsqueeze(1), signs.unsqueeze(1))
        return values @ table
    empty = values.new_zeros((*values.shape[:-1], sketch))
    return empty.index_add(values.dim() - 1, hashes, values * signs)


def circular_product(sketches: Sequence[Tensor]) -> Tensor:
    """Return the circular convolution [..., d] of all sketches [..., d]."""
    if torch.onnx.is_in_onnx_export():
        return _circular_product_in_graph(sketches)
    spectrum = torch.fft.rfft(sketches[0])
    for x in sketches[1:]:
        spectrum = spectrum * torch.fft.rfft(x)
    product: Tensor = torch.fft.irfft(spectrum, n=sketches[0].shape[-1])
    return product


def _circular_product_in_graph(sketches: Sequence[Tensor]) -> Tensor:
    shape = sketches[0].shape
    spectra = [_dft(x.reshape(-1, shape[-1], 1), inverse=False) for x in sketches]
    real, imaginary = spectra[0].unbind(2)
    for spectrum in spectra[1:]:
        a, b = spectrum.unbind(2)
        real, imaginary = real * a - imaginary * b, real * b + imaginary * a
    return _dft(torch.stack((real, imaginary), 2), inverse=True)[:, :, 0].reshape(shape)


def _dft(values: Tensor, inverse: bool) -> Tensor:
    found: Tensor = _Dft.apply(values, inverse)  # type: ignore[no-untyped-call]  # torch's own
    return found


class _Dft(torch.autograd.Function):
    """ONNX's DFT over axis 1: [M, d, 1 or 2] to [M, d, 2], the last axis being real and imaginary part."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, inverse: bool) -> Tensor:
        pair = values if values.shape[2] == 2 else torch.cat((values, torch.zeros_like(values)), 2)
        numbers = torch.view_as_complex(pair.contiguous())
        return torch.view_as_real(
            torch.fft.ifft(numbers, dim=1) if inverse else torch.fft.fft(numbers, dim=1)
        )

    @staticmethod
    def symbolic(g: Any, values: Any, inverse: bool) -> Any:
        return g.op("DFT", values, axis_i=1, inverse_i=int(inverse))
