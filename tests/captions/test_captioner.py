from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import zimu
from zimu.captions.captioner import Captioner, load, unread
from zimu.errors import BundleError, MediaError, UnknownNameError
from zimu.streams import Clip

MakeVideo = Callable[..., Path]


@pytest.fixture
def captioner(tiny_bundle: Path) -> Captioner:
    return load(tiny_bundle)


def test_captions_cover_the_file_in_order_and_say_how_sure_they_are(
    captioner: Captioner, make_video: MakeVideo, tmp_path: Path
) -> None:
    path = make_video(tmp_path / "长 视频.mp4", 5, (160, 120), 10)
    captions = captioner.caption(path, language="zh")
    assert captions[0].start_ms == 0
    assert abs(captions[-1].end_ms - 5000) <= 100
    for a, b in itertools.pairwise(captions):
        assert a.end_ms == b.start_ms
    for caption in captions:
        assert caption.language == "zh" and caption.kind == "scene"
        assert len(caption.log_probs) == len(caption.tokens)
        assert 0 < caption.confidence <= 1


def test_attention_is_divided_among_streams_on_the_clock_of_the_file(
    captioner: Captioner, make_video: MakeVideo, tmp_path: Path
) -> None:
    last = captioner.caption(make_video(tmp_path / "a.mp4", 5, (64, 48), 10), language="en")[-1]
    total = np.zeros(len(last.tokens))
    for name in ("video", "audio"):
        times, weights = last.attention[name]
        assert weights.shape == (len(last.tokens), len(times))
        assert last.start_ms <= 1000 * times.min() and 1000 * times.max() <= last.end_ms + 100
        total += weights.sum(1)
    np.testing.assert_allclose(total, 1.0, atol=1e-4)


def test_both_languages_in_one_pass_equal_one_language_at_a_time(
    captioner: Captioner, make_video: MakeVideo, tmp_path: Path
) -> None:
    path = make_video(tmp_path / "a.mp4", 3, (64, 48), 10)
    together = list(captioner.iter_captions(path, languages=["en", "zh"]))
    for language in ("en", "zh"):
        assert [c for c in together if c.language == language] == captioner.caption(path, language=language)


def test_a_picture_and_a_sound_file_are_captioned_too(
    captioner: Captioner,
    make_picture: Callable[..., Path],
    make_sound: Callable[..., Path],
    tmp_path: Path,
) -> None:
    picture = make_picture(tmp_path / "a.png", np.full((48, 64, 3), 90, np.uint8))
    found = captioner.caption(picture, language="en")
    assert len(found) == 1 and set(found[0].attention) == {"video"}
    noise = np.random.default_rng(0).normal(0, 0.1, 48000).astype(np.float32)
    heard = captioner.caption(make_sound(tmp_path / "a.wav", noise), language="en")
    assert heard and all(set(c.attention) == {"audio"} for c in heard)


def test_clips_are_shown_as_they_are_captioned(
    captioner: Captioner, make_video: MakeVideo, tmp_path: Path
) -> None:
    seen: list[Clip] = []
    path = make_video(tmp_path / "a.mp4", 5, (64, 48), 10)
    captions = list(captioner.iter_captions(path, languages=["en"], watch_clips=seen.extend))
    assert len(seen) == len(captions)
    assert all(1 <= len(clip.frames) <= 4 for clip in seen)


def test_a_file_without_anything_to_use_is_refused(captioner: Captioner, tmp_path: Path) -> None:
    text = tmp_path / "a.mp4"
    text.write_text("no video")
    with pytest.raises(MediaError, match=r"a\.mp4"):
        captioner.caption(text, language="en")


def test_wrong_names_are_told_with_the_right_ones(
    captioner: Captioner, make_video: MakeVideo, tmp_path: Path
) -> None:
    path = make_video(tmp_path / "a.mp4", 1, (64, 48), 10)
    with pytest.raises(UnknownNameError, match=r"language of tiny: 'fr'.*en, zh"):
        captioner.caption(path, language="fr")
    with pytest.raises(UnknownNameError, match="Unknown bundle 'nowhere'"):
        zimu.load("nowhere")


def test_two_bundles_of_one_task_are_refused(tiny_bundle: Path) -> None:
    with pytest.raises(BundleError, match="At most one bundle a task"):
        load([tiny_bundle, tiny_bundle])


def test_a_bundle_whose_graph_is_no_graph_is_refused(
    tiny_bundle: Path, make_video: MakeVideo, tmp_path: Path
) -> None:
    from zimu.bundles.manifest import Bundle, FileEntry

    copy = tmp_path / "copy"
    shutil.copytree(tiny_bundle, copy)
    (copy / "encode.onnx").write_bytes(b"nonsense")
    manifest = Bundle(tiny_bundle).manifest
    graphs = manifest.graphs | {"encode": FileEntry.of(copy / "encode.onnx")}
    (copy / "bundle.json").write_text(
        manifest.model_copy(update={"graphs": graphs}).model_dump_json(), "utf-8"
    )
    with pytest.raises(BundleError, match="graph 'encode' cannot be loaded"):
        load(copy)
    late = unread(copy)
    text = tmp_path / "a.mp4"
    text.write_text("no video")
    with pytest.raises(MediaError, match=r"a\.mp4"):  # the file is opened while the graphs are read
        late.caption(text, language="en")
    with pytest.raises(BundleError, match="graph 'encode' cannot be loaded"):
        late.caption(make_video(tmp_path / "b.mp4", 1, (64, 48), 10), language="en")
