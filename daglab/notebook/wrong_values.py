"""What is wrong with the values of a TOML table, in TOML's words rather than in those of the model that reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WANTED = {
    "string_type": "a string",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "date_type": "a date",
    "datetime_type": "a date",
}
# What pydantic adds to the place of a value that may be of several types, none of which it is.
_BRANCHES = {("str", "string_type"), ("bool", "bool_type"), ("int", "int_type"), ("float", "float_type")}
_BRANCHES |= {("date", "date_type"), ("datetime", "datetime_type")}


@dataclass(frozen=True)
class WrongValue:
    """One fault: ``place`` as TOML's keys, numbers of list items as ``[0]``; ``unknown`` for a key that isn't known."""

    place: tuple[str, ...]
    message: str
    unknown: bool = False


def wrong_values(error: ValidationError) -> list[WrongValue]:
    """All faults that pydantic found, one for each place; a place that may hold several types tells of all."""
    wanted: dict[tuple[str, ...], list[str]] = {}
    given: dict[tuple[str, ...], Any] = {}
    found: list[WrongValue] = []
    for one in error.errors():
        place = tuple(f"[{part}]" if isinstance(part, int) else part for part in one["loc"] if part != "[key]")
        kind = one["type"]
        if kind in _WANTED:
            place = place[:-1] if place and (place[-1], kind) in _BRANCHES else place
            given[place] = one["input"]
            if (word := _WANTED[kind]) not in wanted.setdefault(place, []):
                wanted[place].append(word)
        else:
            found.append(WrongValue(place, _said(one), unknown=kind == "extra_forbidden"))
    found += (WrongValue(p, f"{_or(words)} is wanted{_instead(given[p])}") for p, words in wanted.items())
    return found


def dotted(place: Iterable[str]) -> str:
    """The place as TOML writes it: ``assets.orders.owners[0]``, ``tags."a b"``."""
    parts = [part if _BARE.fullmatch(part) or re.fullmatch(r"\[\d+\]", part) else f'"{part}"' for part in place]
    return ".".join(parts).replace(".[", "[")


def _said(error: Any) -> str:
    given = error["input"]
    match error["type"], error.get("ctx", {}):
        case "missing", _:
            return "a value is missing"
        case "greater_than_equal", {"ge": least}:
            return f"at least {least:g} is wanted{_instead(given)}"
        case "less_than_equal", {"le": most}:
            return f"at most {most:g} is wanted{_instead(given)}"
        case "literal_error", {"expected": "True"}:
            return f"true is wanted{_instead(given)}"
        case "literal_error", {"expected": names}:
            return f"{names} is wanted{_instead(given)}"
        case "too_short", {"min_length": least, "actual_length": number}:
            return f"at least {least} {_entries(least)} wanted, not {number}"
        case "too_long", {"max_length": most, "actual_length": number}:
            return f"at most {most} {_entries(most)} wanted, not {number}"
        case "string_too_short", _:
            return "the string is empty"
        case "value_error", {"error": error}:
            # Ours, most of which say the form that is wanted; the others have the value in them, or a part of it.
            text = str(error)
            told = not isinstance(given, str) or repr(given) in text or text.startswith(("'", "the "))
            return text if told else text + _instead(given)
    message: str = error["msg"]
    return f"{message[0].lower()}{message[1:]}{_instead(given)}"


def _or(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _entries(number: int) -> str:
    return "entry is" if number == 1 else "entries are"


def _instead(given: Any) -> str:
    if isinstance(given, dict):
        return ", not a table"
    return f", not {str(given).lower() if isinstance(given, bool) else repr(given)}"
