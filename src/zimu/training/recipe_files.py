"""A recipe's file and what is set over it, before a model checks the values."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zimu.errors import ConfigError

__all__ = ["read_values"]


def read_values(path: Path, settings: Sequence[str], example: str) -> dict[str, Any]:
    """Return the values of a recipe.

    Args:
        path: A TOML file.
        settings: Values set over it, as `example`; the right side is TOML.
        example: Shown to who writes a setting without "=".

    Raises:
        ConfigError: The file is missing or no TOML, or a setting cannot be set.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"The recipe {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The recipe {path} is not TOML: {error}.") from error
    for setting in settings:
        _set(values, setting, example)
    return values


def _set(values: dict[str, Any], setting: str, example: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals:
        raise ConfigError(f"--set {setting!r} has no '='. Write it as {example}.")
    try:
        value: Any = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *parents, last = key.strip().split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
        if not isinstance(values, dict):
            raise ConfigError(f"--set {setting!r}: {parent!r} is a value, not a table.")
    values[last] = value
