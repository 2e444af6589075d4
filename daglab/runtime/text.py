"""Texts of a run as files, databases and pages take them: not too long, and without what UTF-8 can't hold."""

from __future__ import annotations

import traceback

TEXT_LIMIT = 20_000  # characters


def said(error: BaseException) -> str:
    """The error's text, cut; of one that can't tell it, that."""
    try:
        return cut(str(error))
    except Exception as second:
        return f"<its text can't be made: {type(second).__name__}>"


def traceback_text(error: BaseException) -> str:
    """The traceback as Python prints it, cut; it begins in the notebook's file."""
    return cut(_traceback(error))


def as_cause(error: BaseException) -> BaseException | None:
    """The error, if it may stand in Dagster's database as the cause of a failure, whole as it is; else ``None``."""
    text = _traceback(error)
    return error if cut(text) == text else None


def cut(text: str) -> str:
    """At most ``TEXT_LIMIT`` characters of a text, :func:`printable`."""
    return printable(text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}... ({len(text)} characters)")


def printable(text: str) -> str:
    r"""The text with lone surrogates, such as of a file's name that is no UTF-8, as ``\udce9``."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__)).rstrip()
