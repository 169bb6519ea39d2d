"""Random captions against pycocoevalcap itself; without it `random2k` stands in (test_goldens)."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zimu.metrics.card import score

pytest.importorskip(
    "pycocoevalcap", reason="pycocoevalcap is not installed; random2k of test_goldens stands in"
)

WORDS = [
    "a",
    "dog",
    "狗",
    "é",
    "don't",
    "...",
    "-",
    "1\xa01/2",
    "😀",
    "|||",
    "\u200b",
    "ﬁ",
    "A",
    "",
    " ",
    "\t",
]
CAPTION = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
ITEM = st.tuples(st.lists(CAPTION, min_size=1, max_size=4), CAPTION)


def theirs(references, candidates):
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.rouge.rouge import Rouge

    gts, res = dict(enumerate(references)), {i: [c] for i, c in enumerate(candidates)}
    with contextlib.redirect_stdout(io.StringIO()):
        values, items = Bleu(4).compute_score(gts, res)
        out = {f"bleu_{n + 1}": (values[n], items[n]) for n in range(4)}
        out["rouge_l"] = Rouge().compute_score(gts, res)
        out["cider_d"] = Cider().compute_score(gts, res)
    return out


@given(st.lists(ITEM, min_size=1, max_size=6))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_no_difference_is_found_on_random_captions(items):
    references, candidates = [refs for refs, _ in items], [candidate for _, candidate in items]
    if not any(text.split() for refs in references for text in refs):
        return  # the reference raises where no reference has a word
    card = score(references, candidates, tokens=True)
    for name, (value, each) in theirs(references, candidates).items():
        assert abs(card[name].value - value) <= 1e-12, name
        np.testing.assert_allclose(list(card[name].per_item.values()), each, rtol=0, atol=1e-9, err_msg=name)
