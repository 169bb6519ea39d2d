"""The errors a user can cause.

    ZimuError
    ├── MediaError (OSError)              a file cannot be read as video, audio or picture
    ├── BundleError                       a bundle is damaged, foreign, or does not fit
    ├── ConfigError                       a recipe, a manifest or an option is wrong
    ├── SubtitleError (ValueError)        a subtitle file cannot be read or written
    ├── UnknownNameError (LookupError)    a name that Zimu does not know
    └── MissingExtraError (ImportError)   an optional dependency is not installed

Each message says what is wrong and where, what is allowed or was found, and what to do next. The
command line prints it as one line and exits with 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BundleError",
    "ConfigError",
    "MediaError",
    "MissingExtraError",
    "SubtitleError",
    "UnknownNameError",
    "ZimuError",
    "unknown_name",
]


class ZimuError(Exception):
    """The base of every error that a user can cause."""


class MediaError(ZimuError, OSError):
    """A file cannot be read as video, audio or picture."""


class BundleError(ZimuError):
    """A bundle is damaged, of a foreign format, or does not fit what is asked of it."""


class ConfigError(ZimuError):
    """A recipe, a manifest or an option is wrong."""


class SubtitleError(ZimuError, ValueError):
    """A subtitle file cannot be read or written."""


class UnknownNameError(ZimuError, LookupError):
    """A name that Zimu does not know."""


class MissingExtraError(ZimuError, ImportError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"This needs {package}, which is not installed. Install it with: pip install 'zimu[{extra}]'"
        )
        self.package = package
        self.extra = extra

    def __reduce__(self) -> tuple[type[MissingExtraError], tuple[str, str]]:
        return (type(self), (self.package, self.extra))


def unknown_name(kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
    """Return the error for a name that is none of `known`, with the nearest right name.

    Args:
        kind: What is named, for instance "language".
        name: What the user wrote.
        known: The names that exist.
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return UnknownNameError(f"Unknown {kind} {name!r}.{hint} Known: {', '.join(names)}.")
