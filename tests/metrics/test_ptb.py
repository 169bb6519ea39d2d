"""The tokeniser against outputs of the Stanford PTBTokenizer 3.4.1 (`-preserveLines -lowerCase`)."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from zimu.errors import ConfigError
from zimu.metrics.ptb import ptb_tokenize, ptb_tokens, tokenise_captions
from zimu.metrics.ptb.lexer import Lexer, shared_lexer
from zimu.metrics.ptb.words import STOPPED, TWO_PART

GOLDEN = Path(__file__).parent.parent / "golden" / "metrics"
FILES = ["ptb_tricky", "ptb_systematic", "ptb_fuzz"]
# Breaks that the reference takes for the end of a caption, so that all later ones shift; we take them for
# blanks.
SHIFTING = ["CR", "CRLF", "VT", "FF", "LS_2028", "PS_2029"]


def read_lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_json(name: str) -> Any:
    with gzip.open(GOLDEN / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        return json.load(file)


def check_all(lines: list[dict[str, Any]]) -> None:
    texts = [line["text"] for line in lines]
    assert ptb_tokens(texts) == [line["tokens"] for line in lines]
    assert ptb_tokenize(texts) == [line["ptb"] for line in lines]
    alone = [line.get("tokens_alone", line["tokens"]) for line in lines]
    assert ptb_tokens(texts, each_alone=True) == alone
    kept_alone = [line.get("ptb_alone", line["ptb"]) for line in lines]
    assert ptb_tokenize(texts, each_alone=True) == kept_alone


@pytest.mark.parametrize("name", FILES)
def test_made_lines_agree_token_for_token_joined_and_alone(name: str) -> None:
    check_all(read_lines(GOLDEN / f"{name}.jsonl.gz"))


# Outputs of the reference for what the golden files do not hold; each is followed by a caption "zebra".
MORE = [
    ("(^^) (-.-) ^_^", "-lrb-^^-rrb- -lrb--.--rrb- ^_^"),
    ("++55 555555", "++55\u00a0555555"),
    ("34 (55)551234", "34 -lrb-55-rrb-551234"),
    ("K. <b> x", "k . <b> x"),
    ("U.S. Mr. x", "u.s. . mr. x"),
    ("U.S. Mrs. x", "u.s. mrs. x"),
    ("K.\u0085The x", "k . ... the x"),
    ("\\*\\* x", "\\*\\* x"),
    ("t\u00adn't", "t n't"),
    ("3/4state-of-the-art", "3/4state-of-the - art"),
    ("b-p.m.-t", "b-p.m.-t"),
    ("\u00e9-a\u00ad", "\u00e9-a -"),
    ("A0\u03a3 \u03a3", "a0\u03c2 \u03c3"),
    ("&QUOT;a &MDASH; don&APOS;t", "&quot; a -- do n&apos;t"),
    ("PTY. Pty. pty. x", "pty . pty. pty. x"),
    ("MFG. mfg. x", "mfg . mfg. x"),
    ("www.#a.bc #a.com/xy", "www.#a.bc #a.com/xy"),
    (">:( :o) :o X", ">:-lrb- :o-rrb- : o x"),
]


@pytest.mark.parametrize(("text", "tokens"), MORE)
def test_rare_shapes_agree(text: str, tokens: str) -> None:
    assert ptb_tokens([text, "zebra"])[0] == tokens.split(" ")


def test_ten_thousand_real_captions_agree_token_for_token(shared: Path) -> None:
    check_all(read_lines(shared / "metrics" / "ptb_real_10k.jsonl.gz"))


def test_the_thirty_thousand_captions_of_coco5k_agree(shared: Path) -> None:
    with gzip.open(shared / "metrics" / "coco5k.json.gz", "rt", encoding="utf-8") as file:
        data = json.load(file)
    raw = [text for item in data["refs_raw"] for text in item]
    assert ptb_tokenize(raw) == [text for item in data["refs_tok"] for text in item]
    for system in data["systems"].values():
        if "cand_raw" in system:
            assert ptb_tokenize(system["cand_raw"]) == system["cand_tok"]


def check_characters(chosen: Callable[[int, int], Iterable[int]]) -> int:
    table = read_json("ptb_unicode")
    renamed = {int(code, 16): token for code, token in table["output_not_python_lower"].items()}
    texts, expected = [], []
    for group in table["groups"]:
        for first, last in group["ranges"]:
            for code in chosen(int(first, 16), int(last, 16)):
                if code in table["line_breaks"]:
                    continue
                char = chr(code)
                for context, tokens in zip(table["contexts"], group["tokens"], strict=True):
                    texts.append(context.format(char))
                    expected.append([_named(token, char, renamed.get(code)) for token in tokens])
    wrong = [trio for trio in zip(texts, ptb_tokens(texts), expected, strict=True) if trio[1] != trio[2]]
    assert wrong == []
    return len(texts)


def test_characters_at_the_borders_of_their_kinds_behave_as_in_the_reference() -> None:
    def chosen(first: int, last: int) -> Iterable[int]:
        return sorted({*range(first, last + 1, 97), last, *range(first, min(last + 1, 0x250))})

    assert check_characters(chosen) > 9_000


@pytest.mark.slow
def test_every_character_behaves_as_in_the_reference() -> None:
    assert check_characters(lambda first, last: range(first, last + 1)) > 240_000


def _named(token: str, char: str, name: str | None) -> str:
    """A character with another name in the output has it only where it is a token of its own."""
    if token == "□":
        return name or char.lower()
    return token.replace("□", char.lower())


@pytest.mark.parametrize("case", read_json("ptb_lineshift"), ids=lambda case: str(case["name"]))
def test_line_breaks_never_shift_later_captions(case: dict[str, Any]) -> None:
    if case["captions"] is None:
        pytest.skip("no reference: the wrapper raises on a lone surrogate")
    texts = [text for _, captions in case["captions"] for text in captions]
    kind, _, _place = case["name"].rpartition("_")
    if kind in SHIFTING and case["name"] != "CR_end":
        expected = ["one dog", "two cats", "more cats", "three birds"]
    else:
        expected = [text for _, captions in case["tokenized"] for text in captions]
    assert ptb_tokenize(texts) == expected


def test_captions_with_breaks_between_words_are_reported() -> None:
    result = tokenise_captions(["one dog", "two\rcats", "three birds\r\n", "four\u2028\u2029fish", "\nfive"])
    assert result.captions == ["one dog", "two cats", "three birds", "four fish", "five"]
    assert result.repaired == [1, 3]


@pytest.mark.parametrize("mark", ["\n", "\r", "\r\n", "\v", "\f", "\u2028", "\u2029"])
def test_any_break_reads_like_a_blank(mark: str) -> None:
    spaced = ["the K. The 5 1/2", "They'll go"]
    broken = [text.replace(" ", mark) for text in spaced]
    assert ptb_tokens(broken) == ptb_tokens([text.replace(" ", " " * len(mark)) for text in spaced])


def test_a_caption_depends_on_the_next_only_in_a_joined_run() -> None:
    assert ptb_tokenize(["reads K.", "A dog"]) == ["reads k", "a dog"]
    assert ptb_tokenize(["reads K.", "A dog"], each_alone=True) == ["reads k.", "a dog"]
    assert ptb_tokenize(["they'll", "go"]) == ["they 'll", "go"]
    assert ptb_tokenize(["they'll", "go"], each_alone=True) == ["they ll", "go"]


def test_what_follows_over_many_empty_captions_still_counts() -> None:
    empty = [""] * 2500
    assert ptb_tokenize(["reads K.", *empty, "A dog"])[0] == "reads k"
    assert ptb_tokenize(["reads K.", *empty, "Zebra"])[0] == "reads k."


def test_one_string_is_refused_with_advice() -> None:
    with pytest.raises(ConfigError, match=r"one string. Pass a list of captions: \[text\]"):
        ptb_tokenize("A dog.")


def test_nothing_gives_nothing() -> None:
    assert ptb_tokenize([]) == []
    assert ptb_tokens(["", " ", "\u200b", "\ud800"]) == [[], [], [], []]


def test_looking_pieces_up_gives_what_the_lexer_gives() -> None:
    chosen = random.Random(5)
    pieces = [
        piece for line in read_lines(GOLDEN / "ptb_fuzz.jsonl.gz")[:3000] for piece in line["text"].split(" ")
    ]
    pieces += [
        word + end for word in [*TWO_PART, *STOPPED, "dog", "A", "it"] for end in ("", ",", ".", "s", ".,")
    ]
    texts = [" ".join(chosen.choices(pieces, k=chosen.randint(1, 6))) for _ in range(3000)]
    lexer = shared_lexer()
    expected = [
        lexer.line("\n".join(texts[at : at + 5]) + "\n" * (at + 5 < len(texts)))[0]
        for at in range(len(texts))
    ]
    assert ptb_tokens(texts) == expected
    assert ptb_tokens(texts, each_alone=True) == [lexer.line(text)[0] for text in texts]


def test_the_order_in_which_texts_arrive_changes_nothing() -> None:
    texts = [line["text"] for line in read_lines(GOLDEN / "ptb_tricky.jsonl.gz")]
    first = [Lexer().line(text)[0] for text in texts[:40]]
    fresh = Lexer()
    backwards = [fresh.line(text)[0] for text in reversed(texts)][::-1]
    assert backwards[:40] == first


# Scans that run far ahead in vain: e-mail names without @, hosts without .com, tags that never close.
@pytest.mark.parametrize(
    "unit", ["a", "a;", "&", "<a ", '<a b="', "a+", "5 ", "(", "é.", "K. ", " ", "😀", "a'"]
)
def test_cost_grows_linearly_with_the_length_of_a_line(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        start = time.process_time()
        ptb_tokens([text, "x"])
        return time.process_time() - start

    seconds(2_000)  # the states are made
    short, long = seconds(5_000), seconds(40_000)
    assert long < 8 * 3 * max(short, 0.01), (
        f"{unit!r}: {short:.3f} s for 10,000 characters, {long:.3f} s for 80,000"
    )


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["a dog; ", "a;", '<a b="'])
def test_a_line_of_a_million_characters_is_no_trap(unit: str) -> None:
    start = time.process_time()
    ptb_tokens([(unit * 1_000_000)[:1_000_000], "x"])
    assert time.process_time() - start < 30
