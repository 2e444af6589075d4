"""Code that is nested more deeply than Python's parser, compiler or syntax trees can take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daglab.errors import NotebookError


@contextmanager
def refuse_depth(path: str | Path) -> Iterator[None]:
    """Around whatever works with the code in a file.

    Raises:
        NotebookError: Python gave up on it.
    """
    try:
        yield
    except (RecursionError, MemoryError) as error:  # the parser says of depth that the memory is short
        raise NotebookError(
            f"{path} has an expression that is too long or nested too deeply for Python",
            remedy="split it into several, or load the data from a file",
        ) from error
