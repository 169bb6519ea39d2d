"""Writing what was scored: a row an item, or a page."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from pathlib import Path

from zimu.errors import ConfigError
from zimu.metrics.card import ScoreCard

__all__ = ["write_items", "write_whole"]


def write_items(card: ScoreCard, path: Path) -> None:
    """Write one row an item: id, candidate, references and each score.

    Args:
        card: The scores.
        path: The ending chooses the format: .csv (references in one column, line breaks between them) or
            .jsonl.

    Raises:
        ConfigError: Another ending, or the file cannot be written.
    """
    captions = card.captions
    columns = {name: score.measure.items.tolist() for name, score in card.items()}
    rows = [
        {"id": i, "candidate": candidate, "references": list(references)}
        | {name: values[n] for name, values in columns.items()}
        for n, (i, candidate, references) in enumerate(
            zip(captions.ids, captions.candidates, captions.references, strict=True)
        )
    ]
    if path.suffix == ".jsonl":
        write_whole(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif path.suffix == ".csv":
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        for row, references in zip(rows, captions.references, strict=True):
            writer.writerow({**row, "references": "\n".join(references)})
        write_whole(path, out.getvalue())
    else:
        raise ConfigError(
            f"{path} ends neither in .csv nor in .jsonl. Choose one of them for the items' scores."
        )


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it appears whole or not at all.

    Raises:
        ConfigError: The folder is not there, or may not be written to.
    """
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).chmod(0o644)
                Path(file.name).replace(path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}.") from error
