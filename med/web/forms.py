"""From what a person typed to a typed struct, with a message for each field that does not fit."""

import re
from datetime import date, time
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from med.errors import Invalid
from med.language import T, Text

if TYPE_CHECKING:
    from med.web.incoming import Submitted

Form = TypeVar("Form", bound=msgspec.Struct)
Errors = dict[str, Any]


def parse(form: type[Form], data: "Submitted") -> tuple[Form | None, Errors]:
    """The struct, or None and a message per field. Never raises for what people type."""
    values: dict[str, Any] = {}
    errors: Errors = {}
    for name, kind, required in _fields(form):
        if _is_list(kind):
            raw: Any = [value.strip() for value in data.all(name) if value.strip()]
        else:
            raw = data.get(name).strip()
            if _is_bool(kind):
                raw = raw in {"1", "on", "ja", "true"}
        if raw == "" and not required:
            continue
        if raw == "":
            errors[name] = T("Skal udfyldes.")
            continue
        try:
            values[name] = msgspec.convert(as_machines_write(kind, raw), kind, strict=False)
        except msgspec.ValidationError:
            errors[name] = _why_not(kind, raw)
    if errors:
        return None, errors
    try:
        return form(**values), {}
    except Invalid as invalid:  # a struct's own __post_init__ looked at the fields together
        return None, dict(invalid.errors)


@cache
def _fields(form: type[msgspec.Struct]) -> list[tuple[str, Any, bool]]:
    """Name, type and whether it must be there."""
    hints = get_type_hints(form, include_extras=True)
    return [(field.name, hints[field.name], field.required) for field in msgspec.structs.fields(form)]


DANISH_DATE = re.compile(r"(\d{1,2})\s*[./-]\s*(\d{1,2})\s*[./-]\s*(\d{4})")
DANISH_TIME = re.compile(r"(\d{1,2})(?:[.:](\d{2}))?")


def as_machines_write(kind: Any, raw: Any) -> Any:
    """A date or an hour as people type it (31.12.2027, 9.30) the way msgspec reads it; anything else as it is."""
    kinds = _plain(kind)
    if date in kinds and (found := DANISH_DATE.fullmatch(raw)):
        day, month, year = found.groups()
        return f"{year}-{month:0>2}-{day:0>2}"
    if time in kinds and (found := DANISH_TIME.fullmatch(raw)):
        return f"{found[1]:0>2}:{found[2] or '00'}:00"  # msgspec wants seconds; <input type=time> sends none
    return raw


def _plain(kind: Any) -> list[Any]:
    """The types inside Annotated[...] and Union, without None."""
    if get_origin(kind) is Annotated:
        return _plain(get_args(kind)[0])
    args = get_args(kind)
    if args and not _is_list(kind):
        return [plain for arg in args if arg is not type(None) for plain in _plain(arg)]
    return [kind]


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list


def _is_bool(kind: Any) -> bool:
    return kind is bool


def _longest(kind: Any) -> int | None:
    for arg in get_args(kind):
        if isinstance(arg, msgspec.Meta) and arg.max_length:
            return arg.max_length
        if (found := _longest(arg)) is not None:
            return found
    return None


def _shortest(kind: Any) -> int:
    return next((arg.min_length for arg in get_args(kind) if isinstance(arg, msgspec.Meta) and arg.min_length), 0)


def _why_not(kind: Any, raw: Any) -> Text:
    kinds = _plain(kind)
    if date in kinds:
        return T("Skriv en dato, der findes, fx 31.12.2027.")
    if time in kinds:
        return T("Skriv et klokkeslæt, fx 9.30.")
    if any(isinstance(k, type) and issubclass(k, Enum) for k in kinds) or _is_list(kind):
        return T("Vælg en af mulighederne.")
    if int in kinds:
        return (
            T("Skriv et helt tal.")
            if not str(raw).lstrip("-").isdecimal()
            else T("Tallet er for stort eller for lille.")
        )
    longest = _longest(kind)
    if longest and len(str(raw)) > longest:
        return T("Højst %(n)s tegn; her er %(m)s.", n=longest, m=len(str(raw)))
    if len(str(raw)) < _shortest(kind):
        return T("Skriv mindst %(n)s tegn.", n=_shortest(kind))
    return T("Er ikke gyldigt.")
