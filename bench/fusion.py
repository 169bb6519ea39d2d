"""Fusions: the cost of each against plain PyTorch of the same mathematics, and of compact bilinear pooling.

The first table times forward and backward of each method, and of a reference written beside it here as one
would write it for a single experiment, with the same weights: without names, options, any number of streams
or absent ones. Both run in turn, each so often that one timing (of this thread's processor time) lasts at
least 50 ms; the ratio is the median of the rounds' own ratios, with the quartiles beside it, and the results
are checked to be equal first. `python -m bench.fusion sum` times the named ones only. The second table gives
the full outer product (of all features, without squeezing) and the compact one as the width grows.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from zimu.model.fusion import FUSIONS, build_fusion
from zimu.model.fusion.hierarchical import HierarchicalAttention
from zimu.model.fusion.mcb import CompactBilinear
from zimu.model.fusion.power import power_normalise
from zimu.model.steps import Steps

WIDTH, CLIPS, STEPS = 64, 8, (24, 32)
ROUNDS, LIMIT = 21, 1.1
TIMING_S = 0.05

Reference = Callable[[nn.Module, Tensor, Tensor], Tensor]


def streams_of() -> dict[str, Steps]:
    draw = torch.Generator().manual_seed(0)
    return {
        name: Steps(
            torch.randn(CLIPS, length, WIDTH, generator=draw),
            torch.ones(CLIPS, length, dtype=torch.bool),
            (torch.arange(length) / length).repeat(CLIPS, 1),
        )
        for name, length in zip(("a", "b"), STEPS, strict=True)
    }


def power(z: Tensor) -> Tensor:
    z = z * torch.rsqrt(z.abs() + 1e-4)
    return F.normalize(z, dim=-1) * z.shape[-1] ** 0.5


def ref_concat_width(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return F.relu(m.join(torch.cat((x, y), -1)))


def ref_sum(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return x + y


def ref_gated_sum(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    g, h = torch.sigmoid(m.gates(torch.cat((x, y), -1))).chunk(2, -1)
    return g * torch.tanh(m.values[0](x)) + h * torch.tanh(m.values[1](y))


def ref_film(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    g, b = m.modulate[0](y).chunk(2, -1)
    h, c = m.modulate[1](x).chunk(2, -1)
    return g * x + b + h * y + c


def ref_tensor(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    x, y = (F.pad(F.relu(s(v)), (0, 1), value=1.0) for s, v in zip(m.squeeze, (x, y), strict=True))
    return m.out(torch.einsum("bti,btj->btij", x, y).flatten(2))


def ref_low_rank(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    z = m.factors[0](x) * m.factors[1](y)
    return z.view(*z.shape[:2], -1, WIDTH).sum(2) + m.bias


def ref_bilinear(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return m.out(power(torch.einsum("bti,btj->btij", m.squeeze[0](x), m.squeeze[1](y)).flatten(2)))


def ref_mcb(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    spectrum = None
    for v, h, s in zip((x, y), m.hashes, m.signs, strict=True):
        sketch = torch.zeros(*v.shape[:2], m.sketch).index_add(2, h, v * s)
        spectrum = torch.fft.rfft(sketch) if spectrum is None else spectrum * torch.fft.rfft(sketch)
    return m.out(power(torch.fft.irfft(spectrum, n=m.sketch)))


def ref_mlb(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return m.out(torch.tanh(m.project[0](x)) * torch.tanh(m.project[1](y)))


def ref_mfb(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    z = m.expand.project[0](x) * m.expand.project[1](y)
    return power(z.view(*z.shape[:2], WIDTH, -1).sum(3))


def ref_mfh(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    first = m.expand[0].project[0](x) * m.expand[0].project[1](y)
    second = first * (m.expand[1].project[0](x) * m.expand[1].project[1](y))
    pooled = [power(z.view(*z.shape[:2], WIDTH, -1).sum(3)) for z in (first, second)]
    return m.out(torch.cat(pooled, 2))


def ref_mutan(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    z = m.merge[0](m.squeeze[0](x)) * m.merge[1](m.squeeze[1](y))
    return m.out(z.view(*z.shape[:2], m.rank, -1).sum(2))


def ref_block(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    product = None
    for i, v in enumerate((x, y)):
        chunks = m.squeeze[i](v).flatten(0, 1).view(-1, m.chunks, m.merge.shape[2]).transpose(0, 1)
        own = torch.baddbmm(m.bias[i], chunks, m.merge[i])
        product = own if product is None else product * own
    z = power(product.view(*product.shape[:2], m.rank, -1).sum(2))
    return m.out(z.transpose(0, 1).flatten(1)).view(x.shape)


def ref_product(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    (a, p), (b, q) = (e(v).chunk(2, -1) for e, v in zip(m.experts, (x, y), strict=True))
    p, q = F.softplus(p), F.softplus(q)
    return (p * a + q * b) / (1 + p + q)


def ref_mixture(m: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    g = F.softmax(m.gate(torch.cat((x, y), -1)), -1)
    return g[..., :1] * m.experts[0](x) + g[..., 1:] * m.experts[1](y)


VECTORS: dict[str, Reference] = {
    "concat_width": ref_concat_width,
    "sum": ref_sum,
    "gated_sum": ref_gated_sum,
    "film": ref_film,
    "tensor": ref_tensor,
    "low_rank": ref_low_rank,
    "bilinear": ref_bilinear,
    "mcb": ref_mcb,
    "mlb": ref_mlb,
    "mfb": ref_mfb,
    "mfh": ref_mfh,
    "mutan": ref_mutan,
    "block": ref_block,
    "product_of_experts": ref_product,
    "mixture_of_experts": ref_mixture,
}


def coded(m: nn.Module, x: Tensor, y: Tensor, times: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    half = WIDTH // 2
    periods = 0.1 * torch.exp(torch.arange(half) / (half - 1) * torch.tensor(1000.0).log())
    found = []
    for name, v, t in zip(("a", "b"), (x, y), times, strict=True):
        angles = 2 * torch.pi * t[:, :, None] / periods
        clock = torch.cat((angles.sin(), angles.cos()), 2)
        found.append(v + m.kind[name] + m.time_scale * clock)
    return found[0], found[1]


def heads(m: nn.Module, q: Tensor, kv: Tensor) -> Tensor:
    """PyTorch's own attention with the module's weights."""
    found, _ = F.multi_head_attention_forward(
        q.transpose(0, 1),
        kv.transpose(0, 1),
        kv.transpose(0, 1),
        WIDTH,
        m.heads,
        torch.cat((m.query.weight, m.pair.weight)),
        torch.cat((m.query.bias, m.pair.bias)),
        None,
        None,
        False,
        0.0,
        m.out.weight,
        m.out.bias,
        key_padding_mask=torch.zeros(kv.shape[:2], dtype=torch.bool),
        need_weights=False,
    )
    return found.transpose(0, 1)


def layer(m: nn.Module, x: Tensor, other: Tensor | None = None) -> Tensor:
    normed = m.norm(x)
    x = x + heads(m.attention, normed, normed if other is None else m.memory_norm(other))
    return x + m.feed(x)


def ref_aligned(m: nn.Module, x: Tensor, y: Tensor, times: Sequence[Tensor]) -> Tensor:
    def read(t: Tensor, s: Tensor, v: Tensor) -> Tensor:
        d = (t[:, :, None] - s[:, None]) / m.sigma_s
        e = (-0.5 * d * d).masked_fill(~torch.ones(s.shape, dtype=torch.bool)[:, None], -1e9)
        return torch.bmm(F.softmax(e, 2), v)

    parts = {"a": (x, read(times[0], times[1], y)), "b": (read(times[1], times[0], x), y)}
    found = []
    for name, own in (("a", x), ("b", y)):
        v = m.norm[name](F.relu(m.join[name](torch.cat(parts[name], 2))) + own)
        mask = torch.ones(*own.shape[:2], 1)
        for norm, conv in zip(m.context.norms, m.context.convs, strict=True):
            v = v + F.glu(conv((norm(v) * mask).transpose(1, 2)).transpose(1, 2), 2)
        found.append(v * mask)
    return torch.cat(found, 1)


def ref_concat_time(m: nn.Module, x: Tensor, y: Tensor, times: Sequence[Tensor]) -> Tensor:
    return torch.cat(coded(m, x, y, times), 1)


def ref_dot(m: nn.Module, x: Tensor, y: Tensor, times: Sequence[Tensor]) -> Tensor:
    x, y = coded(m.code, x, y, times)
    return torch.cat(
        (m.norm["a"](x + heads(m.read["a"], x, y)), m.norm["b"](y + heads(m.read["b"], y, x))), 1
    )


def ref_additive(m: nn.Module, x: Tensor, y: Tensor, times: Sequence[Tensor]) -> Tensor:
    def read(r: nn.Module, q: Tensor, kv: Tensor) -> Tensor:
        e = r.score(torch.tanh(r.query(q)[:, :, None] + r.key(kv)[:, None])).squeeze(3)
        e = e.masked_fill(~torch.ones(kv.shape[:2], dtype=torch.bool)[:, None], -1e9)
        return r.out(torch.bmm(F.softmax(e, 2), kv))

    x, y = coded(m.code, x, y, times)
    return torch.cat((m.norm["a"](x + read(m.read["a"], x, y)), m.norm["b"](y + read(m.read["b"], y, x))), 1)


def ref_co(m: nn.Module, x: Tensor, y: Tensor, times: Sequence[Tensor]) -> Tensor:
    x, y = coded(m.code, x, y, times)
    table = torch.bmm(m.affinity[0](x), y.transpose(1, 2)) * WIDTH**-0.5
    keeps = [torch.ones(v.shape[:2], dtype=torch.bool)[:, None] for v in (x, y)]
    to_y = F.softmax(table.masked_fill(~keeps[1], -1e9), 2)
    to_x = F.softmax(table.transpose(1, 2).masked_fill(~keeps[0], -1e9), 2)
    a = torch.cat((x, torch.bmm(to_y, y)), 2)
    b = torch.cat((y, torch.bmm(to_x, x)), 2)
    return torch.cat((m.norm["a"](x + F.relu(m.join["a"](a))), m.norm["b"](y + F.relu(m.join["b"](b)))), 1)


def ref_transformer(m: nn.Module, x: Tensor, y: Tensor, times: Sequence[Tensor]) -> Tensor:
    z = torch.cat(coded(m.code, x, y, times), 1)
    for each in m.layers.layers:
        z = layer(each, z)
    return m.norm(z)


def ref_mult(m: nn.Module, x: Tensor, y: Tensor, times: Sequence[Tensor]) -> Tensor:
    both = dict(zip(("a", "b"), coded(m.code, x, y, times), strict=True))
    found = []
    for own, other in (("a", "b"), ("b", "a")):
        z = both[own]
        for each in m.cross[f"{own}<{other}"].layers:
            z = layer(each, z, both[other])
        z = m.join[own](z)
        for each in m.own[own].layers:
            z = layer(each, z)
        found.append(m.norm[own](z))
    return torch.cat(found, 1)


def ref_bottleneck(m: nn.Module, x: Tensor, y: Tensor, times: Sequence[Tensor]) -> Tensor:
    x, y = coded(m.code, x, y, times)
    f = m.shared.expand(CLIPS, -1, -1)
    for each in m.layers:
        u, v = layer(each["a"], torch.cat((x, f), 1)), layer(each["b"], torch.cat((y, f), 1))
        x, y, f = u[:, :-4], v[:, :-4], (u[:, -4:] + v[:, -4:]) / 2
    return m.norm(torch.cat((x, y), 1))


STREAMS: dict[str, Callable[..., Tensor]] = {
    "concat_time": ref_concat_time,
    "aligned": ref_aligned,
    "dot_attention": ref_dot,
    "additive_attention": ref_additive,
    "co_attention": ref_co,
    "transformer": ref_transformer,
    "mult": ref_mult,
    "bottleneck": ref_bottleneck,
}


def ref_hierarchical(
    m: HierarchicalAttention, x: Tensor, y: Tensor, keys: Sequence[Tensor], state: Tensor
) -> Tensor:
    """Two streams apart, a state each hypothesis [B, M, H]."""
    contexts, chosen, parts = [], [], []
    queries = m.query(state).chunk(2, 2)
    for k, v in enumerate((x, y)):
        e = (torch.tanh(keys[k][:, None] + queries[k][:, :, None]) * m.score[k]).sum(3)
        contexts.append(torch.bmm(F.softmax(e, 2), v))
        chosen.append(m.choose(torch.tanh(m.state(state) + m.own[k](contexts[k]))))
        parts.append(m.out[k](contexts[k]))
    beta = F.softmax(torch.cat(chosen, 2), 2)
    return beta[..., :1] * parts[0] + beta[..., 1:] * parts[1]


def passes(
    run: Callable[[], Tensor], weights: Sequence[Tensor], given: Sequence[Tensor]
) -> Callable[[], None]:
    """Return a function that goes forward and backward once."""
    asked = [*weights, *given]

    def once() -> None:
        torch.autograd.grad(run().sum(), asked, allow_unused=True)

    return once


def ratio(
    ours: Callable[[], None], theirs: Callable[[], None], rounds: int = ROUNDS
) -> tuple[float, tuple[float, float, float]]:
    """Return milliseconds of ours, and of the rounds' ratios the median between its quartiles."""
    for run in (ours, theirs, ours, theirs):
        run()
    inner = max(1, math.ceil(TIMING_S / max(_spent(theirs, 3), 1e-6)))
    spent: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        order = ((ours, 0), (theirs, 1)) if number % 2 else ((theirs, 1), (ours, 0))
        for run, which in order:
            spent[which].append(_spent(run, inner))
    low, middle, high = statistics.quantiles(
        [mine / reference for mine, reference in zip(*spent, strict=True)], n=4
    )
    return 1000 * statistics.median(spent[0]), (low, middle, high)


def _spent(run: Callable[[], None], times: int) -> float:
    """Return the processor seconds of one of several runs."""
    begun = time.thread_time()
    for _ in range(times):
        run()
    return (time.thread_time() - begun) / times


def compare(name: str) -> tuple[float, tuple[float, float, float]]:
    torch.manual_seed(0)
    streams = streams_of()
    module = build_fusion(name, list(streams), WIDTH).eval()
    x, y = (s.values.requires_grad_() for s in streams.values())
    times = [s.times for s in streams.values()]
    if name in VECTORS:
        method = module.get_submodule("method")
        x, y = (torch.randn(4 * CLIPS, STEPS[0], WIDTH).requires_grad_() for _ in range(2))
        return _measure(method, lambda: method([x, y]), lambda: VECTORS[name](method, x, y), (x, y))
    if name == "hierarchical":
        return _compare_hierarchical()
    return _measure(
        module, lambda: module(streams).values, lambda: STREAMS[name](module, x, y, times), (x, y)
    )


def _compare_hierarchical() -> tuple[float, tuple[float, float, float]]:
    """Both streams of 32 steps, 4 hypotheses a clip."""
    module = HierarchicalAttention(2, WIDTH, WIDTH, WIDTH)
    memory, keys = (torch.randn(CLIPS, 64, WIDTH).requires_grad_() for _ in range(2))
    keep, state = torch.ones(CLIPS, 64, dtype=torch.bool), torch.randn(CLIPS, 4, WIDTH).requires_grad_()
    return _measure(
        module,
        lambda: module(memory, keys, keep, state)[0],
        lambda: ref_hierarchical(
            module, memory[:, ::2], memory[:, 1::2], (keys[:, ::2], keys[:, 1::2]), state
        ),
        (memory, keys, state),
    )


def _measure(
    module: nn.Module, ours: Callable[[], Tensor], theirs: Callable[[], Tensor], given: Sequence[Tensor]
) -> tuple[float, tuple[float, float, float]]:
    torch.testing.assert_close(ours(), theirs(), atol=2e-4, rtol=1e-3)
    weights = list(module.parameters())
    return ratio(passes(ours, weights, given), passes(theirs, weights, given))


def crossover() -> None:
    """Print the full and the compact product, both brought to the width D, as D grows."""
    print("\ncompact bilinear pooling (d = 1024) against the full outer product, 64 pairs of width D")
    print(f"{'D':>6} {'full ms':>9} {'compact ms':>11} {'full weights':>13} {'compact':>9}")
    first = None
    for width in (16, 32, 64, 96, 128, 192):
        x, y = (torch.randn(64, width).requires_grad_() for _ in range(2))
        full, compact = nn.Linear(width * width, width), CompactBilinear(2, width, sketch=1024)

        def outer(x: Tensor = x, y: Tensor = y, full: nn.Linear = full) -> Tensor:
            return full(power_normalise((x.unsqueeze(2) * y.unsqueeze(1)).flatten(1)))

        def sketched(x: Tensor = x, y: Tensor = y, compact: CompactBilinear = compact) -> Tensor:
            return compact([x, y])

        theirs = passes(outer, list(full.parameters()), (x, y))
        spent, (_, part, _) = ratio(passes(sketched, list(compact.parameters()), (x, y)), theirs, 9)
        if part < 1 and first is None:
            first = width
        sizes = (sum(p.numel() for p in m.parameters()) for m in (full, compact))
        print(f"{width:>6} {spent / part:>9.2f} {spent:>11.2f} {next(sizes):>13,} {next(sizes):>9,}")
    print(f"compact is cheaper from D = {first} on" if first else "compact is never cheaper up to D = 192")


def main(names: Sequence[str] = ()) -> int:
    torch.set_num_threads(1)
    print(
        f"{CLIPS} clips of {STEPS[0]} and {STEPS[1]} steps, width {WIDTH}, forward and backward, one thread"
    )
    print(f"{'fusion':<20} {'ms':>8} {'times plain PyTorch':>20} {'quartiles':>12}")
    slow = []
    for name in names or FUSIONS:
        spent, (low, part, high) = compare(name)
        print(f"{name:<20} {spent:>8.3f} {part:>20.3f} {low:>6.3f}-{high:.3f}", flush=True)
        if part > LIMIT:
            slow.append(name)
    if not names:
        crossover()
    print(f"above {LIMIT}: {', '.join(slow)}" if slow else f"all at most {LIMIT} times plain PyTorch")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
