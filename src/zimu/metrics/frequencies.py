"""Document frequencies: in how many items' references each n-gram stands."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from zimu.errors import ConfigError
from zimu.metrics.grams import ORDERS

__all__ = ["DocumentFrequencies"]


@dataclass(frozen=True)
class DocumentFrequencies:
    """Counts over a corpus of references that CIDEr may use instead of those of the set it scores.

    Attributes:
        documents: How many items were counted.
        counts: {tokens with blanks between them: number of items that have them in a reference}, orders 1
            to 4.
        tokenisation: How the references were split, as in a signature; "" where it is not known.
    """

    documents: int
    counts: Mapping[str, int]
    tokenisation: str = ""

    @classmethod
    def from_references(cls, references: Sequence[Sequence[str]]) -> DocumentFrequencies:
        """Count the n-grams of tokenised references.

        Args:
            references: Each item's references, tokens with blanks between them.

        >>> DocumentFrequencies.from_references([["a dog", "a cat"], ["a dog"]]).counts["a dog"]
        2
        """
        counts: Counter[str] = Counter()
        for item in references:
            words = [reference.split() for reference in item]
            counts.update(
                {
                    " ".join(w[i : i + n])
                    for w in words
                    for n in range(1, ORDERS + 1)
                    for i in range(len(w) - n + 1)
                }
            )
        return cls(len(references), dict(counts))

    @classmethod
    def load(cls, path: Path) -> DocumentFrequencies:
        """Read what `save` wrote.

        Raises:
            ConfigError: The file is something else.
        """
        data = path.read_bytes()
        try:
            found: Any = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
            counts = {str(k): int(v) for k, v in found["counts"].items()}
            return cls(int(found["documents"]), counts, str(found.get("tokenisation", "")))
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise ConfigError(
                f'{path} holds no document frequencies. Expected JSON: {{"documents": N, "counts": {{...}}}}.'
            ) from error

    def save(self, path: Path) -> None:
        """Write JSON, compressed where the name ends in .gz."""
        fields = {"documents": self.documents, "tokenisation": self.tokenisation, "counts": dict(self.counts)}
        text = json.dumps(fields, ensure_ascii=False)
        path.write_bytes(gzip.compress(text.encode(), mtime=0) if path.suffix == ".gz" else text.encode())

    def merge(self, other: DocumentFrequencies) -> DocumentFrequencies:
        """Return the frequencies of two corpora without a common item together.

        Raises:
            ConfigError: They were counted with different tokenisations.
        """
        other = other.checked(self.tokenisation) if self.tokenisation else other
        counts = Counter(self.counts)
        counts.update(other.counts)
        return DocumentFrequencies(self.documents + other.documents, dict(counts), self.tokenisation)

    def checked(self, tokenisation: str) -> DocumentFrequencies:
        """Return these frequencies if they fit captions that are split in this way.

        Raises:
            ConfigError: They were counted with another tokenisation.
        """
        if self.tokenisation and self.tokenisation != tokenisation:
            raise ConfigError(
                f"The document frequencies were counted with tokenisation {self.tokenisation}, but the "
                f"captions are split by {tokenisation}. Count them again from the references."
            )
        return self

    @cached_property
    def signature(self) -> str:
        """The number of documents and the first 8 digits of the SHA-256 of the counts."""
        digest = hashlib.sha256(json.dumps(sorted(self.counts.items())).encode()).hexdigest()
        return f"{self.documents}-{digest[:8]}"
