"""Whisper by faster-whisper: a tiny one of random weights, made here in the same format (extra `speech`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zimu.captions.speech_engine import find_whisper, is_whisper
from zimu.errors import BundleError

pytest.importorskip("faster_whisper")

WIDTH, HEADS, SPECIAL = 16, 2, ("endoftext", "startoftranscript", "translate", "transcribe", "startoflm")
REST = ("startofprev", "nospeech", "notimestamps")


def make_tokenizer(path: Path) -> list[str]:
    """Write a tokenizer of bytes with Whisper's special tokens, and return all tokens in order."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = [f"<|{name}|>" for name in (*SPECIAL, *REST)]
    times = [f"<|{i * 0.02:.2f}|>" for i in range(1501)]
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    tokenizer.add_tokens([AddedToken(token) for token in times])
    tokenizer.save(str(path))
    return [*letters, *special, *times]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper with one layer a side, English only, in CTranslate2's layout."""
    from ctranslate2.specs import whisper_spec

    path = tmp_path_factory.mktemp("whisper-random")
    tokens = make_tokenizer(path / "tokenizer.json")
    rng = np.random.default_rng(0)

    def random(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    def linear(spec: Any, out: int, inner: int) -> None:
        spec.weight, spec.bias = random(out, inner), random(out)

    def norm(spec: Any) -> None:
        spec.gamma, spec.beta = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)

    spec = whisper_spec.WhisperSpec(1, HEADS, 1, HEADS)
    encoder, decoder = spec.encoder, spec.decoder
    encoder.conv1.weight, encoder.conv1.bias = random(WIDTH, 80, 3), random(WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = random(WIDTH, WIDTH, 3), random(WIDTH)
    encoder.position_encodings.encodings = random(1500, WIDTH)
    decoder.position_encodings.encodings = random(448, WIDTH)
    decoder.embeddings.weight = random(len(tokens), WIDTH)
    linear(decoder.projection, len(tokens), WIDTH)
    for side in (encoder, decoder):
        norm(side.layer_norm)
        (layer,) = side.layer
        norm(layer.self_attention.layer_norm)
        linear(layer.self_attention.linear[0], 3 * WIDTH, WIDTH)
        linear(layer.self_attention.linear[1], WIDTH, WIDTH)
        norm(layer.ffn.layer_norm)
        linear(layer.ffn.linear_0, 4 * WIDTH, WIDTH)
        linear(layer.ffn.linear_1, WIDTH, 4 * WIDTH)
    attention = decoder.layer[0].attention
    norm(attention.layer_norm)
    for k, out in enumerate((WIDTH, 2 * WIDTH, WIDTH)):
        linear(attention.linear[k], out, WIDTH)
    spec.register_vocabulary(tokens)
    spec.config.suppress_ids, spec.config.suppress_ids_begin = [], []
    spec.config.alignment_heads = [(0, 0)]
    spec.validate()
    spec.save(str(path))
    return path


def test_a_whisper_in_a_folder_is_loaded_and_speaks_within_the_sound(folder: Path) -> None:
    assert is_whisper(folder)
    engine = find_whisper(folder, threads=1)
    values = np.random.default_rng(1).normal(0, 0.1, 3 * 16000).astype(np.float32)
    said = engine.transcribe(values, None)
    assert engine.name == f"whisper:{folder.name}"
    for line in said:
        assert line.language == "en" and line.text
        assert 0 <= line.start_s <= line.end_s <= 3.0
        for word in line.words:
            assert line.start_s <= word.start_s <= word.end_s <= 3.0 and 0 <= word.probability <= 1


def test_a_folder_without_a_tokenizer_is_refused_not_completed_from_the_network(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(BundleError, match=r"has no tokenizer\.json"):
        find_whisper(tmp_path)
    with pytest.raises(BundleError, match="is not on this computer, and nothing is downloaded unasked"):
        find_whisper("whisper:tiny")


def test_a_damaged_model_is_refused_in_one_line(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model.bin").write_bytes(b"\x06\x00\x00\x00broken")
    with pytest.raises(BundleError, match="the Whisper model cannot be loaded"):
        find_whisper(tmp_path)
