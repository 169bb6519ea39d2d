"""Each method against its definition, or against another one that it contains."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from zimu.model.fusion.attention import MultiHead, masked_softmax
from zimu.model.fusion.bilinear import Bilinear
from zimu.model.fusion.block import Block
from zimu.model.fusion.cross_attention import Additive
from zimu.model.fusion.experts import MixtureOfExperts, ProductOfExperts
from zimu.model.fusion.film import FiLM
from zimu.model.fusion.hierarchical import HierarchicalAttention
from zimu.model.fusion.low_rank import LowRank
from zimu.model.fusion.mcb import CompactBilinear, circular_product, count_sketch
from zimu.model.fusion.mfb import FactorisedBilinear, HighOrderBilinear
from zimu.model.fusion.mlb import LowRankBilinear
from zimu.model.fusion.mutan import Mutan
from zimu.model.fusion.power import power_normalise
from zimu.model.fusion.tensor import TensorFusion, outer_product


def vectors(count: int = 2, width: int = 4, samples: int = 7) -> list[torch.Tensor]:
    draw = torch.Generator().manual_seed(3)
    return [torch.rand(samples, width, generator=draw) for _ in range(count)]


def test_a_sketch_of_a_product_is_the_product_of_the_sketches() -> None:
    """Φ(x, y) is the count sketch of x ⊗ y with hash h₁(i) + h₂(j) and sign s₁(i) s₂(j)."""
    module = CompactBilinear(2, 6, sketch=16)
    x, y = vectors(2, 6)
    hashes = (module.hashes[0][:, None] + module.hashes[1][None]).flatten() % 16
    signs = (module.signs[0][:, None] * module.signs[1][None]).flatten()
    wanted = count_sketch(outer_product([x, y]), hashes, signs, 16)
    torch.testing.assert_close(module.pool([x, y]), wanted, atol=1e-5, rtol=1e-4)


def test_compact_bilinear_approximates_the_inner_product_of_full_ones_within_its_variance() -> None:
    """Pham & Pagh 2013: over the draws the mean is exact, for N vectors of length 1 Var ≤ (3^N - 1) / d."""
    draw = torch.Generator().manual_seed(5)
    x, y, u, v = F.normalize(torch.randn(4, 24, generator=draw), dim=1)
    u, v = F.normalize(x + 0.5 * u, dim=0), F.normalize(y + 0.5 * v, dim=0)
    full = float(outer_product([x, y]) @ outer_product([u, v]))
    sketch, repeats = 64, 600
    found = torch.tensor([_compact_inner(x, y, u, v, sketch, seed) for seed in range(repeats)])
    variance = float(found.var())
    assert abs(float(found.mean()) - full) < 4 * math.sqrt(variance / repeats)
    assert variance < (3**2 - 1) / sketch


def test_the_variance_of_compact_bilinear_falls_as_the_sketch_grows() -> None:
    draw = torch.Generator().manual_seed(6)
    x, y, u, v = F.normalize(torch.randn(4, 24, generator=draw), dim=1)
    spread = [
        torch.tensor([_compact_inner(x, y, u, v, sketch, seed) for seed in range(300)]).var()
        for sketch in (16, 256)
    ]
    assert 6 < spread[0] / spread[1] < 40  # 16 times as wide


def _compact_inner(
    x: torch.Tensor, y: torch.Tensor, u: torch.Tensor, v: torch.Tensor, sketch: int, seed: int
) -> float:
    draw = torch.Generator().manual_seed(seed)
    hashes = torch.randint(sketch, (2, len(x)), generator=draw)
    signs = 2.0 * torch.randint(2, (2, len(x)), generator=draw) - 1.0
    pairs = (torch.stack((x, u)), torch.stack((y, v)))
    sketches = [count_sketch(p, h, s, sketch) for p, h, s in zip(pairs, hashes, signs, strict=True)]
    first, second = circular_product(sketches)
    return float(first @ second)


def test_low_rank_fusion_at_full_rank_is_tensor_fusion() -> None:
    x, y = vectors()
    tensor = TensorFusion(2, 4, entries=25)
    with torch.no_grad():
        for layer in tensor.squeeze:  # z = x: the vectors are positive
            layer.weight.copy_(torch.eye(4))
            layer.bias.zero_()
    full = tensor.out.weight.detach().view(4, 5, 5)  # unit, index of [x; 1], index of [y; 1]
    low = LowRank(2, 4, rank=5)
    first = torch.eye(5)[:, None].expand(5, 4, 5)  # term, unit, index: x's entry of that term
    second = full.transpose(0, 1)
    with torch.no_grad():
        for layer, weights in zip(low.factors, (first, second), strict=True):
            layer.weight.copy_(weights[:, :, :4].reshape(20, 4))
            layer.bias.copy_(weights[:, :, 4].reshape(20))
        low.bias.copy_(tensor.out.bias)
    torch.testing.assert_close(low([x, y]), tensor([x, y]))


def test_tensor_fusion_holds_each_stream_alone_and_all_products() -> None:
    x, y, z = (F.pad(v, (0, 1), value=1.0) for v in vectors(3, 2))
    cube = outer_product([x, y, z]).view(-1, 3, 3, 3)
    torch.testing.assert_close(cube, torch.einsum("ni,nj,nk->nijk", x, y, z))
    torch.testing.assert_close(cube[:, :2, 2, 2], x[:, :2])
    torch.testing.assert_close(cube[:, 2, :2, :2], y[:, :2, None] * z[:, None, :2])


def test_block_with_one_block_is_mutan() -> None:
    mutan, block = Mutan(2, 6, inner=4, rank=3), Block(2, 6, inner=4, chunks=1, rank=3, normalise=False)
    with torch.no_grad():
        block.squeeze.load_state_dict(mutan.squeeze.state_dict())
        block.out.load_state_dict(mutan.out.state_dict())
        for i, layer in enumerate(mutan.merge):
            block.merge[i, 0] = layer.weight.T
            block.bias[i, 0, 0] = layer.bias
    given = vectors(2, 6)
    torch.testing.assert_close(block(given), mutan(given))


def test_blocks_do_not_meet() -> None:
    block = Block(2, 6, inner=4, chunks=2, rank=3, normalise=False)
    nn.init.eye_(block.squeeze[0].weight)
    before = _chunks(block, vectors(2, 6))
    changed = vectors(2, 6)
    changed[0][:, :2] += 1.0  # only the first chunk of the first stream
    after = _chunks(block, changed)
    assert not torch.allclose(before[:, 0], after[:, 0])
    torch.testing.assert_close(before[:, 1], after[:, 1])


def _chunks(block: Block, given: list[torch.Tensor]) -> torch.Tensor:
    found: list[torch.Tensor] = []
    hook = block.out.register_forward_pre_hook(lambda module, args: found.append(args[0]))
    block(given)
    hook.remove()
    return found[0].view(-1, 2, 2)


def test_mutan_is_a_bilinear_form_of_its_core() -> None:
    mutan = Mutan(2, 4, inner=3, rank=2)
    x, y = vectors()
    a, b = (layer(v) for layer, v in zip(mutan.squeeze, (x, y), strict=True))
    m, n = (F.pad(layer.weight.view(2, 3, 3), (0, 1)) for layer in mutan.merge)
    for weights, layer in zip((m, n), mutan.merge, strict=True):
        weights[..., 3] = layer.bias.view(2, 3)
    core = torch.einsum("rki,rkj->kij", m, n)
    form = torch.einsum("kij,si,sj->sk", core, F.pad(a, (0, 1), value=1.0), F.pad(b, (0, 1), value=1.0))
    torch.testing.assert_close(mutan([x, y]), mutan.out(form))


def test_each_unit_of_mlb_without_tanh_would_be_a_form_of_rank_one() -> None:
    module = LowRankBilinear(2, 4)
    x, y = vectors()
    (u, v), (b, c) = zip(*((layer.weight, layer.bias) for layer in module.project), strict=True)
    wanted = module.out(torch.tanh(x @ u.T + b) * torch.tanh(y @ v.T + c))
    torch.testing.assert_close(module([x, y]), wanted)


def test_mfb_with_one_factor_is_the_normalised_product_and_mfh_cascades_it() -> None:
    x, y = vectors()
    one = FactorisedBilinear(2, 4, factors=1).eval()
    u, v = one.expand.project
    torch.testing.assert_close(one([x, y]), power_normalise(u(x) * v(y)))
    high = HighOrderBilinear(2, 4, order=2, factors=3).eval()
    first, second = (block.project[0](x) * block.project[1](y) for block in high.expand)
    parts = [power_normalise(e.view(-1, 4, 3).sum(2)) for e in (first, first * second)]
    torch.testing.assert_close(high([x, y]), high.out(torch.cat(parts, 1)))


def test_bilinear_pooling_sees_every_product() -> None:
    module = Bilinear(2, 4, entries=16)
    x, y = vectors()
    a, b = (layer(v) for layer, v in zip(module.squeeze, (x, y), strict=True))
    products = torch.einsum("ni,nj->nij", a, b).flatten(1)
    torch.testing.assert_close(module([x, y]), module.out(power_normalise(products)))


def test_power_normalisation_is_the_signed_root_with_a_root_mean_square_of_one() -> None:
    z = torch.tensor([[4.0, -9.0, 0.0, 1.0]])
    found = power_normalise(z)
    torch.testing.assert_close(found / found[0, 3], torch.tensor([[2.0, -3.0, 0.0, 1.0]]), rtol=1e-3, atol=0)
    torch.testing.assert_close(found.square().mean(1), torch.ones(1))


def test_a_product_of_experts_is_the_mean_of_the_product_of_gaussians() -> None:
    module = ProductOfExperts(2, 1)
    x, y = vectors(2, 1, 1)
    (m, p), (n, q) = (layer(v)[0].tolist() for layer, v in zip(module.experts, (x, y), strict=True))
    grid = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    said = [(0.0, 1.0), *((mean, math.log1p(math.exp(raw))) for mean, raw in ((m, p), (n, q)))]
    density = torch.exp(-0.5 * sum(precision * (grid - mean) ** 2 for mean, precision in said))
    wanted = float((grid * density).sum() / density.sum())
    assert module([x, y]).item() == pytest.approx(wanted, abs=1e-5)


def test_an_expert_without_precision_is_not_missed() -> None:
    module = ProductOfExperts(2, 3)
    with torch.no_grad():
        module.experts[1].weight[3:] = 0.0
        module.experts[1].bias[3:] = -60.0
    x, y = vectors(2, 3)
    torch.testing.assert_close(module([x, y]), module([x, y + 5.0]))


def test_a_mixture_lies_between_its_experts() -> None:
    module = MixtureOfExperts(3, 4)
    given = vectors(3)
    said = torch.stack([expert(x) for expert, x in zip(module.experts, given, strict=True)])
    found = module(given)
    assert (found <= said.amax(0) + 1e-6).all() and (found >= said.amin(0) - 1e-6).all()


def test_film_passes_the_streams_where_it_is_not_told_to_change_them() -> None:
    module = FiLM(3, 4)
    for layer in module.modulate:
        nn.init.zeros_(layer.weight)
    given = vectors(3)
    torch.testing.assert_close(module(given), sum(given))


def test_heads_are_those_of_torch() -> None:
    torch.manual_seed(0)
    ours = MultiHead(12, 3)
    theirs = nn.MultiheadAttention(12, 3, batch_first=True)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat((ours.query.weight, ours.pair.weight)))
        theirs.in_proj_bias.copy_(torch.cat((ours.query.bias, ours.pair.bias)))
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    queries, memory = torch.randn(2, 4, 12), torch.randn(2, 6, 12)
    keep = torch.arange(6) < torch.tensor([[6], [3]])
    # Torch's mask is True where a step is left out.
    wanted, _ = theirs(queries, memory, memory, key_padding_mask=~keep)
    torch.testing.assert_close(ours(queries, memory, keep), wanted, atol=1e-6, rtol=1e-5)


def test_a_single_head_is_scaled_dot_product_attention() -> None:
    module = MultiHead(4, 1)
    for layer in (module.query, module.out):
        nn.init.eye_(layer.weight)
        nn.init.zeros_(layer.bias)
    with torch.no_grad():
        module.pair.weight.copy_(torch.eye(4).repeat(2, 1))
        module.pair.bias.zero_()
    x, y = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    keep = torch.ones(2, 5, dtype=torch.bool)
    torch.testing.assert_close(module(x, y, keep), F.scaled_dot_product_attention(x, y, y))


def test_additive_attention_is_bahdanau_s() -> None:
    module = Additive(4, 3)
    x, y = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
    keep = torch.arange(5) < torch.tensor([[5], [2]])
    weights = module.weigh(x, y, keep)
    for b in range(2):
        for t in range(3):
            energies = [
                module.score(torch.tanh(module.query(x[b, t]) + module.key(y[b, s])))
                for s in range(int(keep[b].sum()))
            ]
            torch.testing.assert_close(weights[b, t, : len(energies)], torch.cat(energies).softmax(0))
    assert not weights[1, :, 2:].any()


def test_weights_over_nothing_are_zero() -> None:
    keep = torch.tensor([[True, False], [False, False]])
    torch.testing.assert_close(masked_softmax(torch.randn(2, 2), keep), torch.tensor([[1.0, 0], [0, 0]]))


def test_hierarchical_weights_sum_to_one_and_spare_an_absent_stream() -> None:
    torch.manual_seed(0)
    module = HierarchicalAttention(2, 6, 5, 4)
    values, keys = torch.randn(3, 8, 6), torch.randn(3, 8, 4)
    keep = torch.ones(3, 8, dtype=torch.bool)
    keep[1, ::2] = False  # the first stream is absent
    keep[2, 5:] = False
    context, weights = module(values, keys, keep, torch.randn(3, 2, 5))
    torch.testing.assert_close(weights.sum(2), torch.ones(3, 2))
    assert not weights.masked_select(~keep.unsqueeze(1).expand_as(weights)).any()
    assert context.shape == (3, 2, 6) and torch.isfinite(context).all()


def test_hierarchical_attention_follows_its_formula() -> None:
    torch.manual_seed(0)
    module = HierarchicalAttention(2, 6, 5, 4)
    values, keys, state = torch.randn(1, 6, 6), torch.randn(1, 6, 4), torch.randn(5)
    keep = torch.ones(1, 6, dtype=torch.bool)
    contexts, chosen = [], []
    for k in range(2):
        query = module.query(state).view(2, 4)[k]
        alpha = (torch.tanh(keys[0, k::2] + query) @ module.score[k]).softmax(0)
        contexts.append(alpha @ values[0, k::2])
        chosen.append(module.choose(torch.tanh(module.state(state) + module.own[k](contexts[k]))))
    beta = torch.cat(chosen).softmax(0)
    wanted = sum(beta[k] * module.out[k](contexts[k]) for k in range(2))
    found, _ = module(values, keys, keep, state.view(1, 1, 5))
    torch.testing.assert_close(found[0, 0], wanted)
