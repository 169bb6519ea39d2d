"""Fonts of this machine and the characters that they hold, read from their files."""

from __future__ import annotations

import os
import struct
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from zimu.errors import SubtitleError

__all__ = ["Font", "choose_fonts", "read_font"]

# Sans-serif families that read well on a picture, the best first; Chinese before Latin ones.
_CHINESE = (
    *("notosanscjk", "notosanssc", "sourcehansans", "pingfang", "hiraginosansgb", "msyh", "wqy-microhei"),
    *("wqy-zenhei", "droidsansfallback", "simhei", "stheiti", "notoserifcjk", "uming", "ukai", "simsun"),
)
_LATIN = (
    "notosans-",
    "dejavusans.",
    "liberationsans-regular",
    "arial.",
    "helvetica",
    "freesans.",
    "roboto-r",
)
_SUFFIXES = (".ttf", ".otf", ".ttc")
# Characters of these categories are seen; a font that lacks one shows an empty box for it.
_SEEN = frozenset(
    {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc"}
)


@dataclass(frozen=True, slots=True)
class Font:
    """A font file.

    Attributes:
        path: The file.
        characters: Code points that it has shapes for.
    """

    path: Path
    characters: frozenset[int] = field(repr=False)


def choose_fonts(texts: Iterable[str], given: Path | None = None) -> list[Font]:
    """Return the fonts that together show every character of some texts, the one that shows most first.

    Args:
        texts: All that will be drawn.
        given: A font file to be taken before those of the machine.

    Raises:
        SubtitleError: No font shows some characters, or the given file is no font.
    """
    wanted = {ord(c) for text in texts for c in text if not c.isspace()}
    missing, fonts = set(wanted), list[Font]()
    for path in ([given] if given else []) + _candidates():
        try:
            font = read_font(path)
        except SubtitleError:
            if path == given:
                raise
            continue
        if missing & font.characters or path == given:
            fonts.append(font)
            missing -= font.characters
        if not missing:
            break
    lacking = sorted(chr(c) for c in missing if unicodedata.category(chr(c)) in _SEEN)
    if lacking:
        raise SubtitleError(_advice(lacking))
    if not fonts:
        raise SubtitleError(_advice([]))
    return fonts if given else sorted(fonts, key=lambda font: -len(font.characters & wanted))


def _advice(lacking: Sequence[str]) -> str:
    shown = "".join(lacking[:20]) + ("…" if len(lacking) > 20 else "")
    what = f"for {len(lacking)} characters of the subtitles ({shown})" if lacking else "at all"
    how = {
        "linux": "Install one, for instance: apt-get install fonts-noto-cjk",
        "darwin": "macOS has PingFang; name a font file",
        "win32": "Windows has Microsoft YaHei in its language settings; name a font file",
    }.get(sys.platform, "Install one")
    return f"No font of this machine has shapes {what}. {how}, or name a file with --font."


def _candidates() -> list[Path]:
    """Return the font files of this machine, those of preferred families first."""
    files = [path for folder in _folders() for path in _fonts_below(folder)]
    preferred = [*_CHINESE, *_LATIN]

    def rank(path: Path) -> tuple[int, int, str]:
        name = path.name.lower()
        first = next((i for i, family in enumerate(preferred) if name.startswith(family)), len(preferred))
        plain = not any(
            word in name for word in ("bold", "italic", "oblique", "light", "mono", "thin", "black")
        )
        return first, not plain, str(path)

    return sorted(files, key=rank)


def _folders() -> list[Path]:
    home = Path.home()
    if sys.platform == "darwin":
        return [home / "Library/Fonts", Path("/Library/Fonts"), Path("/System/Library/Fonts")]
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA", str(home))) / "Microsoft/Windows/Fonts"
        return [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts", local]
    return [
        home / ".local/share/fonts",
        home / ".fonts",
        Path("/usr/local/share/fonts"),
        Path("/usr/share/fonts"),
    ]


def _fonts_below(folder: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(folder):
        yield from (Path(parent) / name for name in names if name.lower().endswith(_SUFFIXES))


@lru_cache(64)
def read_font(path: Path) -> Font:
    """Return a font with its characters; of a collection the first font.

    Raises:
        SubtitleError: The file cannot be read, or is no font.
    """
    try:
        data = path.read_bytes()
        return Font(path, frozenset(_characters(data)))
    except OSError as error:
        raise SubtitleError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (struct.error, KeyError, IndexError) as error:
        raise SubtitleError(f"{path} is no TrueType or OpenType font with Unicode characters.") from error


def _characters(data: bytes) -> set[int]:
    """Return the code points of the table "cmap" (OpenType, formats 4 and 12)."""
    start = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    count = struct.unpack_from(">H", data, start + 4)[0]
    tables = {
        data[at : at + 4]: struct.unpack_from(">4xI", data, at + 4)[0] for at in _steps(start + 12, count, 16)
    }
    cmap = tables[b"cmap"]
    found: set[int] = set()
    for at in _steps(cmap + 4, struct.unpack_from(">H", data, cmap + 2)[0], 8):
        platform, encoding, offset = struct.unpack_from(">HHI", data, at)
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            found |= _subtable(data, cmap + offset)
    if not found:
        raise KeyError("cmap")
    return found


def _steps(start: int, count: int, size: int) -> range:
    return range(start, start + count * size, size)


def _subtable(data: bytes, at: int) -> set[int]:
    kind = struct.unpack_from(">H", data, at)[0]
    if kind == 12:
        groups = struct.unpack_from(">I", data, at + 12)[0]
        spans = [struct.unpack_from(">II", data, place) for place in _steps(at + 16, groups, 12)]
        return {c for first, last in spans for c in range(first, min(last, 0x10FFFF) + 1)}
    if kind != 4:
        return set()
    segments = struct.unpack_from(">H", data, at + 6)[0] // 2
    ends = struct.unpack_from(f">{segments}H", data, at + 14)
    starts, deltas, offsets = (
        struct.unpack_from(f">{segments}H", data, at + 16 + segments * 2 * part) for part in (1, 2, 3)
    )
    found: set[int] = set()
    for i, (first, last) in enumerate(zip(starts, ends, strict=True)):
        place = at + 16 + segments * 6 + 2 * i + offsets[i]
        for c in range(first, min(last, 0xFFFE) + 1):
            if offsets[i]:
                glyph = struct.unpack_from(">H", data, place + 2 * (c - first))[0]
            else:
                glyph = c + deltas[i] & 0xFFFF
            if glyph:
                found.add(c)
    return found
