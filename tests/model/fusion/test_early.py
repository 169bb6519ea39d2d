"""Data-level fusion: what stands in the joined stream, and when."""

from __future__ import annotations

import pytest
import torch

from zimu.errors import ConfigError
from zimu.model.encoders.frames import FrameEncoder
from zimu.model.fusion.early import EarlyJoin
from zimu.model.steps import Steps


def steps(length: int, rate_hz: float, *shape: int, clips: int = 2, seed: int = 0) -> Steps:
    values = torch.randn(clips, length, *shape, generator=torch.Generator().manual_seed(seed))
    times = (torch.arange(length) / rate_hz).repeat(clips, 1)
    return Steps(values, torch.ones(clips, length, dtype=torch.bool), times)


def seen_and_heard() -> dict[str, Steps]:
    return {"audio": steps(40, 40.0, 5), "video": steps(5, 5.0, 3, 8, 6, seed=1)}


def lose(streams: dict[str, Steps], name: str) -> dict[str, Steps]:
    keep = streams[name].keep.clone()
    keep[0] = False
    return {**streams, name: streams[name]._replace(keep=keep)}


def pictures(rate_hz: float = 10.0) -> EarlyJoin:
    return EarlyJoin({"audio": (5,), "video": (3, 8, 6)}, "video", rate_hz, window=4)


def test_pictures_get_the_sound_of_their_moment_as_a_channel() -> None:
    streams, join = seen_and_heard(), pictures()
    found = join(streams)
    assert found.values.shape == (2, 11, *join.shape) and join.shape == (3 + 1 + 2, 8, 6)
    torch.testing.assert_close(found.times[0], torch.arange(11) / 10)
    torch.testing.assert_close(found.values[:, 4, :3], streams["video"].values[:, 2])  # both at 0.4 s
    louder = streams["audio"].values.clone()
    louder[:, 20] += 100.0  # at 0.5 s
    changed = join(streams | {"audio": streams["audio"]._replace(values=louder)}).values - found.values
    assert changed[:, :, :3].abs().max() == 0
    # The window of 4 sound steps around a moment reaches from 0.05 s before it to 0.025 s after it.
    assert changed[:, :, 3].abs().amax((0, 2, 3)).gt(1).nonzero().flatten().tolist() == [5]


def test_series_are_laid_side_by_side_on_the_common_clock() -> None:
    slow, fast = steps(6, 5.0, 2, seed=1), steps(30, 25.0, 3)
    join = EarlyJoin({"fast": (3,), "slow": (2,)}, "slow", rate_hz=25.0)
    found = join({"fast": fast, "slow": slow})
    assert join.shape == (2 + 3 + 2,) and found.values.shape == (2, 30, 7)
    torch.testing.assert_close(found.values[:, 10, :2], slow.values[:, 2])  # 0.4 s
    # A kernel of half a step: exp(-d² / 2 · 0.5²) for a distance of d steps.
    weights = torch.softmax(-2.0 * (torch.arange(30) - 10.0).square(), 0)
    torch.testing.assert_close(found.values[:, 10, 2:5], torch.einsum("t,btf->bf", weights, fast.values))


def test_regions_get_the_other_streams_at_every_place() -> None:
    join = EarlyJoin({"audio": (5,), "video": (4, 7)}, "video", rate_hz=5.0)
    found = join({"audio": steps(40, 40.0, 5), "video": steps(5, 5.0, 4, 7, seed=1)})
    assert found.values.shape[2:] == join.shape == (4, 7 + 5 + 2)
    heard = found.values[..., 7:12]
    torch.testing.assert_close(heard, heard[:, :, :1].expand_as(heard))


@pytest.mark.parametrize("lost", ["audio", "video"])
def test_an_absent_stream_is_zeros_and_is_told(lost: str) -> None:
    streams = lose(seen_and_heard(), lost)
    found = pictures()(streams)
    other = streams[lost]._replace(values=torch.randn_like(streams[lost].values))
    torch.testing.assert_close(pictures()(streams | {lost: other}).values[0], found.values[0])
    told = found.values[:, :, 4:].amax((1, 3, 4))  # video, audio
    assert told.tolist() == [[1.0, 0.0] if lost == "audio" else [0.0, 1.0], [1.0, 1.0]]
    assert found.keep[0].sum() == (9 if lost == "audio" else 11)


def test_padding_and_other_clips_change_nothing() -> None:
    streams, join = seen_and_heard(), pictures()
    wanted = join(streams)
    padded = {
        n: Steps(
            torch.cat((s.values, torch.randn_like(s.values)), 1),
            torch.cat((s.keep, torch.zeros_like(s.keep)), 1),
            torch.cat((s.times, torch.full_like(s.times, 9.0)), 1),
        )
        for n, s in streams.items()
    }
    torch.testing.assert_close(join(padded).values, wanted.values)
    long = {n: Steps(*(torch.cat((p[:1], p[1:]), 0) for p in s)) for n, s in streams.items()}
    one = join({n: Steps(*(p[1:] for p in s)) for n, s in long.items()})
    torch.testing.assert_close(one.values[0], wanted.values[1])


def test_a_clip_without_any_stream_has_no_real_step() -> None:
    found = pictures()(lose(lose(seen_and_heard(), "audio"), "video"))
    assert not found.keep[0].any() and found.keep[1].all()
    assert torch.isfinite(found.values).all()


def test_one_encoder_reads_the_joined_stream_and_learns_from_all() -> None:
    streams, join = seen_and_heard(), pictures()
    leaves = [s.values.requires_grad_() for s in streams.values()]
    encoder = FrameEncoder(join.shape[0], 8, (8, 6), planes=4, stem="small")
    encoder(join(streams)).values.square().sum().backward()
    assert all(x.grad is not None and x.grad.abs().sum() > 0 for x in leaves)


def test_wrong_streams_are_told() -> None:
    with pytest.raises(ConfigError, match=r"'text', which is no stream\. There are: audio, video"):
        EarlyJoin({"audio": (5,), "video": (3, 8, 6)}, "text")
    with pytest.raises(ConfigError, match="cannot be laid beside 'audio'"):
        EarlyJoin({"audio": (5,), "video": (3, 8, 6)}, "audio")
