"""Names and terms that are known put right in what was heard: what sounds like a term becomes the term.

English is compared by a code of consonants, Chinese by pinyin without tones, in which the sounds that
speakers and recognisers mix up are one. A list has a term a line; `#` begins a remark.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

from zimu.errors import ConfigError, MissingExtraError
from zimu.streams import Caption
from zimu.text.languages import is_han

__all__ = ["Correction", "Terms", "read_terms", "sound_code", "syllables"]

# In order. Source: the idea of L. Philips, "Hanging on the Metaphone", Computer Language 7(12), 1990.
# Departs: fewer rules; v is f, and vowels within a word say nothing.
_ENGLISH = tuple(
    (re.compile(pattern), code)
    for pattern, code in (
        ("^(?:kn|gn|pn)", "n"),
        ("^wr", "r"),
        ("^x", "s"),
        ("mb$", "m"),
        ("tch|ch|sh|(?:t|s|c)i(?=[ao])", "X"),
        ("ph|v", "f"),
        ("gh(?=[aeiouy])", "g"),
        ("gh", ""),
        ("th", "0"),
        ("dg(?=[eiy])|g(?=[eiy])", "j"),
        ("c(?=[eiy])|z", "s"),
        ("ck|c|q", "k"),
        ("x", "ks"),
        ("[hw](?![aeiouy])", ""),
        ("^[aeiouy]+", "A"),
        ("[aeiouyhw]+", ""),
    )
)
_PINYIN = tuple(
    (re.compile(pattern), code)
    for pattern, code in (("^([zcs])h", r"\1"), ("^[lr]", "n"), ("^h(?=u)|^f", "f"), ("ng$", "n"))
)
_WORD = re.compile(r"[^\W\d_㐀-鿿]+(?:['’-][^\W\d_㐀-鿿]+)*|\d+")
# A code so short says little: the letters have to be alike too.
_SHORT_CODE, _ALIKE = 3, 0.6
_LEAST_ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Correction:
    """One term put right.

    Attributes:
        start_ms: Where the caption begins.
        before: What was heard.
        after: The term.
    """

    start_ms: int
    before: str
    after: str


class Terms:
    """A list of terms.

    Args:
        terms: As they are written.

    Raises:
        MissingExtraError: A term is Chinese and pypinyin is not installed.
    """

    def __init__(self, terms: Sequence[str]) -> None:
        self._chinese = {
            tuple(syllables(term)): term for term in terms if len(term) > 1 and all(map(is_han, term))
        }
        self._english = [
            (term, "".join(map(sound_code, words)), len(words))
            for term in terms
            if (words := _WORD.findall(term)) and not any(map(is_han, term))
        ]

    def correct(self, caption: Caption) -> tuple[Caption, list[Correction]]:
        """Return a caption with its terms put right, and what was changed."""
        places = sorted(self._places(caption.text), key=lambda p: (p[0], p[0] - p[1]))
        chosen: list[tuple[int, int, str]] = []
        for start, end, term in places:
            if not chosen or start >= chosen[-1][1]:
                chosen.append((start, end, term))
        changes = [Correction(caption.start_ms, caption.text[start:end], term) for start, end, term in chosen]
        for start, end, term in reversed(chosen):
            caption = _with_term(caption, start, end, term)
        return caption, changes

    def _places(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yield (start, end, term) of what sounds like a term and is not spelt like it."""
        for length in {len(key) for key in self._chinese}:
            for run in re.finditer(r"[㐀-鿿]+", text):
                said = syllables(run[0])
                for k in range(len(said) - length + 1):
                    term = self._chinese.get(tuple(said[k : k + length]))
                    start = run.start() + k
                    if term is not None and text[start : start + length] != term:
                        yield start, start + length, term
        words = list(_WORD.finditer(text))
        codes = [sound_code(word[0]) for word in words]
        for term, code, count in self._english:
            for length in sorted({count, max(1, count - 1), count + 1}):
                for k in range(len(words) - length + 1):
                    start, end = words[k].start(), words[k + length - 1].end()
                    if "".join(codes[k : k + length]) == code and _is_alike(text[start:end], term, code):
                        yield start, end, term


def read_terms(path: Path) -> Terms:
    """Read a list of terms, one a line.

    Raises:
        ConfigError: The file cannot be read, is not UTF-8, or lists nothing.
        MissingExtraError: A term is Chinese and pypinyin is not installed.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: the list of terms cannot be read as UTF-8 text: {error}.") from error
    terms = [term for line in text.splitlines() if (term := line.split("#")[0].strip())]
    if not terms:
        raise ConfigError(f"{path} lists no term. Write one a line.")
    return Terms(terms)


def sound_code(word: str) -> str:
    """Return how an English word sounds, by its consonants.

    >>> sound_code("Knight"), sound_code("nite")
    ('nt', 'nt')
    """
    plain = unicodedata.normalize("NFKD", word.lower())
    code = "".join(c for c in plain if c.isascii() and c.isalnum())
    for pattern, sound in _ENGLISH:
        code = pattern.sub(sound, code)
    return re.sub(r"(.)\1+", r"\1", code)


def syllables(text: str) -> list[str]:
    """Return the sounds of Chinese characters, without tones; what is often mixed up sounds the same.

    Raises:
        MissingExtraError: pypinyin is not installed.
    """
    try:
        from pypinyin import lazy_pinyin
    except ImportError as error:
        raise MissingExtraError("pypinyin", "speech") from error
    out = []
    for sound in lazy_pinyin(text, errors=lambda rest: list(rest)):
        for pattern, code in _PINYIN:
            sound = pattern.sub(code, sound)
        out.append(sound)
    return out


def _is_alike(said: str, term: str, code: str) -> bool:
    if said == term:
        return False
    ours, theirs = ("".join(c for c in text.lower() if c.isalnum()) for text in (said, term))
    needed = _ALIKE if len(code) < _SHORT_CODE else _LEAST_ALIKE
    return SequenceMatcher(None, ours, theirs).ratio() >= needed


def _with_term(caption: Caption, start: int, end: int, term: str) -> Caption:
    """Return a caption in which a stretch of the text is a term, its tokens merged into one."""
    text = caption.text[:start] + term + caption.text[end:]
    at, first, last = 0, None, None
    for i, token in enumerate(caption.tokens):
        place = caption.text.find(token, at)
        if place < 0:
            return replace(caption, text=text)
        at = place + len(token)
        if place < end and start < at:
            first = (i, place) if first is None else first
            last = (i, at)
    if first is None or last is None:
        return replace(caption, text=text)
    (a, begin), (b, stop) = first, last
    token = caption.text[begin:start] + term + caption.text[end:stop]
    logs, times = caption.log_probs, caption.word_times
    return replace(
        caption,
        text=text,
        tokens=(*caption.tokens[:a], token, *caption.tokens[b + 1 :]),
        log_probs=(*logs[:a], min(logs[a : b + 1]), *logs[b + 1 :]) if logs else (),
        word_times=(*times[:a], (times[a][0], times[b][1]), *times[b + 1 :]) if times else (),
        attention={},
    )
