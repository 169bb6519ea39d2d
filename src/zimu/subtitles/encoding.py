"""Which encoding a subtitle file is in."""

from __future__ import annotations

import codecs

from zimu.errors import SubtitleError

__all__ = ["decode"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# The most frequent characters of modern Chinese, simplified and traditional. A text decoded in the right
# encoding has about four in ten of them, one decoded in the wrong encoding next to none.
_FREQUENT = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家"
    "种事成方多经么去法学如都同这個們來為國說時會對過發後裡經麼學還没沒吗嗎吧好很什看想知她它与開开關关點点見见話话樣样"
    "把給给讓让"
)
_LIKELY = 0.1
# In a text so short the frequent characters may all be missing.
_SHORT = 30


def decode(data: bytes, encoding: str | None = None) -> tuple[str, str, bool]:
    """Return the text of bytes, the encoding, and whether that was guessed.

    A byte-order mark decides, then the pattern of zero bytes of UTF-16, then UTF-8, a few damaged bytes
    allowed. Else GB18030 and Big5 are taken where the text looks like Chinese; the rest is taken as cp1252.

    Args:
        data: The file.
        encoding: The encoding, where the user knows it.

    Raises:
        SubtitleError: The encoding that was named is unknown, or does not fit.
    """
    if encoding is not None:
        return _decode_as(data, encoding), encoding, False
    for mark, name in _MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(name, "replace")
            return text, name, "\ufffd" in text
    guess = _utf_16(data)
    if guess is not None:
        return data.decode(guess, "replace"), guess, True
    text = data.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    if damaged == 0 or damaged * 20 < sum(c > "\x7f" for c in text):
        return text, "utf-8", damaged > 0
    name = _legacy(data)
    return data.decode(name, "replace"), name, True


def _decode_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except LookupError as error:
        raise SubtitleError(
            f"There is no encoding {encoding!r}. Try utf-8, gb18030, big5 or cp1252."
        ) from error
    except UnicodeDecodeError as error:
        raise SubtitleError(f"The file is not in {encoding}: byte {error.start} does not fit.") from error


def _utf_16(data: bytes) -> str | None:
    """Return the byte order of UTF-16 without a mark: of Latin text every second byte is zero."""
    head = data[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 10 <= len(head):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _legacy(data: bytes) -> str:
    """Return the most likely of GB18030, Big5 and cp1252."""
    scores = {}
    for name in ("gb18030", "big5"):
        try:
            foreign = [c for c in data.decode(name) if c > "\x7f"]
        except UnicodeDecodeError:
            continue
        scores[name] = sum(c in _FREQUENT for c in foreign) / max(1, len(foreign))
        if name == "gb18030" and len(foreign) < _SHORT and scores[name] == 0 and _is_gb2312(foreign):
            scores[name] = _LIKELY
    best = max(scores, key=lambda name: scores[name], default="cp1252")
    return best if scores.get(best, 0.0) >= _LIKELY else "cp1252"


def _is_gb2312(characters: list[str]) -> bool:
    """Say whether all characters are of GB2312; Latin letters read as GB18030 are mostly of rarer parts."""
    try:
        "".join(characters).encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True
