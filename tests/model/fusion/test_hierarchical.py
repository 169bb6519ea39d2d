"""The caption decoder over streams that the fusion left apart."""

from __future__ import annotations

import pytest
import torch

from zimu.model.decoder import AttentionDecoder, DecoderState
from zimu.model.fusion.hierarchical import Apart
from zimu.model.steps import Steps
from zimu.text.vocabulary import END, PAD

VOCABULARY, WIDTH = 23, 10


def memory_of() -> Steps:
    torch.manual_seed(0)
    keep = torch.ones(2, 5, dtype=torch.bool)
    keep[1, 3:] = False
    times = torch.arange(5).repeat(2, 1) / 5
    audio = Steps(torch.randn(2, 5, WIDTH), keep, times)
    video = Steps(torch.randn(2, 2, WIDTH), torch.ones(2, 2, dtype=torch.bool), times[:, :2])
    return Apart(["video", "audio"], WIDTH)({"video": video, "audio": audio})


def decoder() -> AttentionDecoder:
    torch.manual_seed(1)
    return AttentionDecoder(VOCABULARY, WIDTH, 14, 8, 6, dropout=0.0, streams=2).eval()


def test_streams_stand_in_turn_and_keep_their_clocks() -> None:
    memory = memory_of()
    assert memory.values.shape == (2, 10, WIDTH)
    assert memory.keep[1].tolist() == [True, True, True, True, True, False, False, False, False, False]
    torch.testing.assert_close(memory.times[0, ::2], torch.arange(5) / 5)


def test_teacher_forcing_equals_step_by_step() -> None:
    model, memory = decoder(), memory_of()
    tokens = torch.tensor([[3, 9, 8, END], [3, 5, END, PAD], [4, 11, END, PAD], [4, END, PAD, PAD]])
    logits, at = model(tokens, memory.values, memory.keep)
    together = torch.full((4 * 3, VOCABULARY), torch.nan)
    together[at] = torch.log_softmax(logits, 1)
    shared, state = model.start(memory.values, memory.keep)
    state = DecoderState(*(s.repeat_interleave(2, 0) for s in (state.hidden, state.cell)))
    for position in range(3):
        log_probs, state, weights = model.step(tokens[:, position], state, shared)
        real = tokens[:, position + 1] != PAD
        torch.testing.assert_close(log_probs[real], together.view(4, 3, -1)[real, position])
        torch.testing.assert_close(weights.sum(1), torch.ones(4))


@pytest.mark.parametrize("lost", [0, 1])
def test_a_stream_that_a_clip_lacks_gets_no_weight(lost: int) -> None:
    model, memory = decoder(), memory_of()
    keep = memory.keep.clone()
    keep[0, lost::2] = False
    shared, state = model.start(memory.values, keep)
    _, _, weights = model.step(torch.tensor([3, 3]), state, shared)
    assert weights[0, lost::2].abs().max() == 0
    assert weights[0].sum().item() == pytest.approx(1.0, abs=1e-5)
