"""Strict, frozen records that JSON holds: what pydantic's models do for the running half, without pydantic.

Loading pydantic took a tenth of captioning a minute of video by its keyframes. A record can stand in a
pydantic model all the same, and its methods have the names that pydantic gives them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from reprlib import repr as shown  # a stranger's value may be a megabyte long
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    Union,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

__all__ = ["Record", "RecordError", "Rule", "empty"]

_PLAIN = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


class RecordError(ValueError):
    """A value does not fit a record.

    Args:
        where: The keys and places that lead to it.
        reason: What is wrong with it.
    """

    def __init__(self, where: tuple[str, ...], reason: str) -> None:
        super().__init__(f"`{'.'.join(where)}` {reason}")
        self.where, self.reason = where, reason

    def __reduce__(self) -> tuple[type[RecordError], tuple[tuple[str, ...], str]]:
        return type(self), (self.where, self.reason)


class Rule:
    """What a value must satisfy besides its type, as in `Annotated[int, Rule(least=1)]`.

    Args:
        above: It must be more than this.
        least: It must be at least this.
        most: It must be at most this.
        length: It must have at least so many entries.
        pattern: It must match this regular expression.
    """

    def __init__(
        self,
        *,
        above: float | None = None,
        least: float | None = None,
        most: float | None = None,
        length: int = 0,
        pattern: str = "",
    ) -> None:
        self._above, self._least, self._most = above, least, most
        self._length, self._pattern = length, pattern

    def check(self, value: Any) -> Any:
        """Return the value.

        Raises:
            ValueError: It breaks the rule; the text says what it must be.
        """
        # Written so that what is not a number fits no bound.
        if self._above is not None and not value > self._above:
            raise ValueError(f"must be above {self._above}, found {shown(value)}")
        if self._least is not None and not value >= self._least:
            raise ValueError(f"must be at least {self._least}, found {shown(value)}")
        if self._most is not None and not value <= self._most:
            raise ValueError(f"must be at most {self._most}, found {shown(value)}")
        if self._length and len(value) < self._length:
            raise ValueError(f"must have at least {self._length} entries, found {len(value)}")
        if self._pattern and not re.fullmatch(self._pattern, value):
            raise ValueError(f"must match {self._pattern}, found {shown(value)}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        return core_schema.no_info_after_validator_function(self.check, handler(source))


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Record:
    """The base: a subclass declares its fields, with defaults and `Rule`s, as a dataclass does.

    Fields are bool, int, float, str, literals, records, tuples, dictionaries by text; or one of these or
    None. A record makes its own copy of tuples and dictionaries.

    Raises:
        RecordError: A key is unknown or missing, or a value does not fit.
    """

    _kinds: ClassVar[dict[str, Any]] = {}

    def __init_subclass__(cls) -> None:
        hints = get_type_hints(cls, include_extras=True)
        cls._kinds = {name: kind for name, kind in hints.items() if get_origin(kind) is not ClassVar}

    def __init__(self, /, **values: Any) -> None:  # a file may hold the key "self"
        fields = self._kinds
        if unknown := values.keys() - fields.keys():
            raise RecordError((min(unknown),), f"is no key here; known: {', '.join(fields)}")
        for name, kind in fields.items():
            if name not in values and not hasattr(type(self), name):
                raise RecordError((name,), "is missing")
            value = values[name] if name in values else getattr(type(self), name)
            self.__dict__[name] = _checked(value, kind, (name,))

    @classmethod
    def model_validate_json(cls, text: str | bytes) -> Self:
        """Return the record that a JSON text holds.

        Raises:
            RecordError: It is no JSON, or a key or value does not fit.
        """
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RecordError((), f"is no JSON: {error}") from error
        if not isinstance(values, dict):
            raise RecordError((), "must be an object of keys and values")
        return cls(**values)

    def model_dump(self, mode: Literal["json", "python"] = "python") -> dict[str, Any]:
        """Return the fields and those of records inside as dictionaries; in mode "json" tuples as lists."""
        return {name: _dumped(value, list if mode == "json" else tuple) for name, value in vars(self).items()}

    def model_dump_json(self, indent: int | None = None) -> str:
        """Return the record as JSON, without blanks unless indented."""
        separators = (",", ":") if indent is None else None
        return json.dumps(self.model_dump(), ensure_ascii=False, indent=indent, separators=separators)

    def model_copy(self, *, update: Mapping[str, Any]) -> Self:
        """Return the record with some fields changed.

        Raises:
            RecordError: A new value does not fit.
        """
        return type(self)(**{**vars(self), **update})

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen: {name} cannot be set")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Stand in a pydantic model: pydantic checks the fields, so that it names all that are wrong."""
        from pydantic import ConfigDict, create_model
        from pydantic_core import core_schema

        fields: Any = {k: (kind, getattr(cls, k, ...)) for k, kind in cls._kinds.items()}
        twin = create_model(cls.__name__, __config__=ConfigDict(extra="forbid"), **fields)
        return core_schema.no_info_wrap_validator_function(
            lambda value, inner: value if isinstance(value, cls) else cls(**dict(inner(value))),
            handler.generate_schema(twin),
            serialization=core_schema.plain_serializer_function_ser_schema(cls.model_dump),
        )


def empty() -> Any:
    """Return the default of a field that holds a dictionary."""
    return {}


def _checked(value: Any, kind: Any, where: tuple[str, ...]) -> Any:
    """Return a value as a field of some type holds it."""
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Annotated:
        value = _checked(value, inside[0], where)
        try:
            for rule in inside[1:]:
                rule.check(value)
        except ValueError as error:
            raise RecordError(where, str(error)) from None
        return value
    if origin in (Union, UnionType):
        return None if value is None else _checked(value, inside[0], where)
    if origin is Literal:
        if any(type(value) is type(known) and value == known for known in inside):
            return value
        raise RecordError(where, f"must be {' or '.join(map(repr, inside))}, found {shown(value)}")
    if origin is tuple and isinstance(value, list | tuple):
        return _tuple(value, inside, where)
    if origin is dict and isinstance(value, Mapping):
        return {_checked(k, str, where): _checked(v, inside[1], (*where, str(k))) for k, v in value.items()}
    return _single(value, dict if origin is dict else tuple if origin is tuple else kind, where)


def _tuple(values: list[Any] | tuple[Any, ...], kinds: tuple[Any, ...], where: tuple[str, ...]) -> Any:
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(values)
    if len(values) != len(kinds):
        raise RecordError(where, f"must have {len(kinds)} entries, found {len(values)}")
    return tuple(
        _checked(v, kind, (*where, str(i))) for i, (v, kind) in enumerate(zip(values, kinds, strict=True))
    )


def _single(value: Any, kind: type, where: tuple[str, ...]) -> Any:
    if issubclass(kind, Record):
        if isinstance(value, kind):
            return value
        if isinstance(value, Mapping):
            try:
                return kind(**value)
            except RecordError as error:
                raise RecordError((*where, *error.where), error.reason) from None
    elif isinstance(value, bool) == (kind is bool):
        if kind is float and isinstance(value, int | float):
            try:
                return float(value)
            except OverflowError:
                raise RecordError(where, "must be a number that a float can hold") from None
        if kind in _PLAIN and isinstance(value, kind):
            return value
    named = _PLAIN.get(kind, "a list" if kind is tuple else "an object of keys and values")
    raise RecordError(where, f"must be {named}, found {shown(value)}")


def _dumped(value: Any, sequence: type[list[Any]] | type[tuple[Any, ...]]) -> Any:
    if isinstance(value, Record):
        return {name: _dumped(inner, sequence) for name, inner in vars(value).items()}
    if isinstance(value, dict):
        return {name: _dumped(inner, sequence) for name, inner in value.items()}
    return sequence(_dumped(inner, sequence) for inner in value) if isinstance(value, tuple) else value
