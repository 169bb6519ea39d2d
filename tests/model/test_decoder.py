from __future__ import annotations

import pytest
import torch

from zimu.model.captioner import CaptionModel
from zimu.model.decoder import AttentionDecoder, DecoderState
from zimu.model.encoders.regions import RegionEncoder
from zimu.model.encoders.wavenet import WaveNetEncoder
from zimu.model.fusion.concat_time import ConcatTime
from zimu.model.steps import Steps
from zimu.text.vocabulary import END, PAD

VOCABULARY, WIDTH = 23, 10


@pytest.fixture(params=["lstm", "gru"])
def decoder(request: pytest.FixtureRequest) -> AttentionDecoder:
    torch.manual_seed(0)
    return AttentionDecoder(VOCABULARY, WIDTH, 14, 8, 6, dropout=0.0, cell=request.param).eval()


def captions() -> torch.Tensor:
    rows = [[3, 9, 8, 7, 6, END], [3, 5, END], [4, 11, 12, END], [4, END]]
    return torch.tensor([row + [PAD] * (6 - len(row)) for row in rows])


def test_teacher_forcing_equals_step_by_step(decoder: AttentionDecoder) -> None:
    memory, keep = torch.randn(2, 4, WIDTH), torch.tensor([[True] * 4, [True, True, False, False]])
    tokens = captions()
    logits, at = decoder(tokens, memory, keep)
    together = torch.full((4 * 5, VOCABULARY), torch.nan)
    together[at] = torch.log_softmax(logits, 1)
    shared, state = decoder.start(memory, keep)
    state = DecoderState(state.hidden.repeat_interleave(2, 0), state.cell.repeat_interleave(2, 0))
    for position in range(5):
        step, state, _ = decoder.step(tokens[:, position], state, shared)
        real = tokens[:, position + 1] != PAD
        torch.testing.assert_close(together.view(4, 5, -1)[real, position], step[real], atol=1e-5, rtol=1e-5)
    assert len(at) == int((tokens[:, 1:] != PAD).sum())


def test_attention_is_a_distribution_over_real_steps(decoder: AttentionDecoder) -> None:
    memory, keep = torch.randn(1, 4, WIDTH), torch.tensor([[True, True, True, False]])
    shared, state = decoder.start(memory, keep)
    log_probs, _, weights = decoder.step(torch.tensor([3]), state, shared)
    assert weights[0, 3] == 0
    torch.testing.assert_close(weights.sum(1), torch.ones(1))
    torch.testing.assert_close(log_probs.exp().sum(1), torch.ones(1))


def test_what_is_padding_in_the_memory_has_no_say(decoder: AttentionDecoder) -> None:
    memory, keep = torch.randn(2, 4, WIDTH), torch.tensor([[True] * 3 + [False]] * 2)
    other = memory.clone()
    other[:, 3] = 1e3
    torch.testing.assert_close(decoder(captions(), memory, keep)[0], decoder(captions(), other, keep)[0])


def model() -> CaptionModel:
    torch.manual_seed(0)
    encoders = {"video": RegionEncoder(6, 4, WIDTH), "audio": WaveNetEncoder(5, WIDTH, 8, (2,), 2, 1)}
    decoder = AttentionDecoder(VOCABULARY, WIDTH, 14, 8, 6, dropout=0.0)
    return CaptionModel(encoders, ConcatTime(list(encoders), WIDTH), decoder, WIDTH).eval()


def streams(video: int, audio: int) -> dict[str, Steps]:
    return {
        "video": Steps(torch.randn(2, 3, 4, 6), torch.arange(3).expand(2, 3) < video, torch.zeros(2, 3)),
        "audio": Steps(torch.randn(2, 8, 5), torch.arange(8).expand(2, 8) < audio, torch.zeros(2, 8)),
    }


@pytest.mark.parametrize(("video", "audio"), [(0, 8), (3, 0), (0, 0)])
def test_an_absent_stream_is_survived_and_its_values_have_no_say(video: int, audio: int) -> None:
    found, given = model(), streams(video, audio)
    before = found(given, captions())[0]
    for name, length in (("video", video), ("audio", audio)):
        if not length:
            given[name] = given[name]._replace(values=torch.randn_like(given[name].values))
    assert torch.isfinite(before).all()
    torch.testing.assert_close(found(given, captions())[0], before)


def test_the_stand_in_of_an_absent_stream_learns() -> None:
    found = model().train()
    found(streams(0, 8), captions())[0].sum().backward()
    assert found.absent["video"].grad is not None and found.absent["video"].grad.abs().sum() > 0
    assert found.absent["audio"].grad is None or found.absent["audio"].grad.abs().sum() == 0
