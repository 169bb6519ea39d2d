"""Tokens and their ids. One list serves all languages; the first token of a caption chooses the language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from zimu.errors import unknown_name
from zimu.text.languages import join, split
from zimu.text.subwords import cut_word, learn_pieces

__all__ = ["END", "PAD", "UNKNOWN", "Vocabulary"]

PAD, END, UNKNOWN = 0, 1, 2
_SPECIAL = ("<pad>", "<end>", "<unk>")


@dataclass(frozen=True)
class Vocabulary:
    """An ordered list of tokens.

    Attributes:
        tokens: Position is id. The first three are `<pad>`, `<end>`, `<unk>`, then `<LANGUAGE>` a language.
        splitters: {language: splitter}, how each language's text becomes tokens.
    """

    tokens: tuple[str, ...]
    splitters: Mapping[str, str]

    @classmethod
    def build(
        cls,
        texts: Mapping[str, Iterable[str]],
        splitters: Mapping[str, str],
        min_count: Mapping[str, int] | None = None,
        subwords: int = 2000,
    ) -> Vocabulary:
        """Count tokens and keep those seen often enough in one language, the most frequent first.

        Args:
            texts: {language: sentences}.
            splitters: {language: splitter}.
            min_count: {language: least number of times}; 1 where a language is not named. Rarer tokens become
                `<unk>`. Pieces of words are all kept.
            subwords: Pieces that are learned of a language whose splitter is "subwords".
        """
        total: Counter[str] = Counter()
        often: set[str] = set()
        for language, sentences in texts.items():
            counts: Counter[str] = Counter()
            for sentence in sentences:
                counts.update(split(sentence, splitters[language]))
            if splitters[language] == "subwords":
                counts = _piece_counts(counts, subwords)
                often |= counts.keys()
            least = (min_count or {}).get(language, 1)
            often |= {t for t, n in counts.items() if n >= least}
            total += counts
        kept = sorted(often, key=lambda t: (-total[t], t))
        starts = tuple(f"<{language}>" for language in sorted(texts))
        return cls((*_SPECIAL, *starts, *kept), dict(splitters))

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.tokens)}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that can be asked for."""
        return tuple(sorted(self.splitters))

    def start(self, language: str) -> int:
        """Return the id of the token that chooses a language.

        Raises:
            UnknownNameError: The vocabulary does not have the language.
        """
        if language not in self.splitters:
            raise unknown_name("language", language, self.splitters)
        return self._ids[f"<{language}>"]

    def encode(self, text: str, language: str) -> list[int]:
        """Return the ids of a sentence: language token, tokens, `<end>`."""
        tokens = split(text, self.splitters[language])
        if self.splitters[language] == "subwords":
            # A word with a character that is not known gives no piece: it is unknown as a whole.
            tokens = [piece for word in tokens for piece in cut_word(word, self._ids) or [word]]
        return [self.start(language), *(self._ids.get(t, UNKNOWN) for t in tokens), END]

    def words(self, ids: Sequence[int]) -> list[str]:
        """Return the tokens of ids, up to `<end>`, without special tokens."""
        first = 3 + len(self.splitters)
        out: list[str] = []
        for i in ids:
            if i == END:
                break
            if i >= first:
                out.append(self.tokens[i])
        return out

    def decode(self, ids: Sequence[int], language: str) -> str:
        """Return ids as a sentence ready to be shown."""
        return join(self.words(ids), language)


def _piece_counts(words: Counter[str], size: int) -> Counter[str]:
    """Return how often each piece stands in the texts of these words; some only serve words yet to come."""
    counts = Counter(dict.fromkeys(learn_pieces(words, size), 0))
    for word, times in words.items():
        for piece in cut_word(word, counts):
            counts[piece] += times
    return counts
