"""Features of MOSI's transcripts that no MOSI label has touched, from a published sentence encoder.

    pip install "zimu[pretrained,train]"
    python recipes/compare/mosi_sentences/sentences.py data/mosi sentences.npy [MODEL]

MODEL is a name or a folder for `transformers`; left out, all-MiniLM-L6-v2 (22 M weights, Apache 2.0). Each
utterance becomes [layers + 1, D]: the mean over its tokens of the embeddings and of what each layer puts out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

MODEL = "sentence-transformers/all-MiniLM-L6-v2"
BATCH = 32


def encode(lines: list[str], model_name: str) -> np.ndarray:
    """Return float16 [lines, layers + 1, D]."""
    tokenizer, model = AutoTokenizer.from_pretrained(model_name), AutoModel.from_pretrained(model_name).eval()
    # Lines of one length together: less padding.
    order = sorted(range(len(lines)), key=lambda i: len(lines[i]))
    rows: list[np.ndarray | None] = [None] * len(lines)
    for start in range(0, len(order), BATCH):
        some = order[start : start + BATCH]
        tokens = tokenizer([lines[i] for i in some], padding=True, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            layers = torch.stack(model(**tokens, output_hidden_states=True).hidden_states, 1)
        mask = tokens["attention_mask"][:, None, :, None].to(layers.dtype)
        means = (layers * mask).sum(2) / mask.sum(2)
        for i, mean in zip(some, means.numpy(), strict=True):
            rows[i] = mean.astype(np.float16)
    return np.stack([r for r in rows if r is not None])


def main() -> int:
    folder, out, *rest = sys.argv[1:]
    # The transcripts are in capitals; the encoder has read few such texts.
    lines = (Path(folder) / "transcripts.txt").read_text("utf-8").lower().splitlines()
    features = encode(lines, rest[0] if rest else MODEL)
    np.save(out, features)
    print(f"{out}: {features.shape[0]} utterances, {features.shape[1]} layers of {features.shape[2]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
