"""The halves of a pair read from their files, or why they can't be."""

from __future__ import annotations

from daglab.errors import NotebookError
from daglab.files import FileContent
from daglab.notebook.cells import Notebook, parse_notebook
from daglab.notebook.jupyter import JupyterNotebook, parse_jupyter


def read_py(file: FileContent) -> Notebook | None:
    """The notebook in a .py; ``None`` where there is no file.

    Raises:
        NotebookError: it isn't a marimo notebook, not UTF-8, or git has left a conflict in it.
    """
    if file.data is None:
        return None
    return parse_notebook(_merged_by_git(file), file.path)


def read_ipynb(file: FileContent) -> JupyterNotebook | None:
    """The notebook in an .ipynb; ``None`` where there is no file.

    Raises:
        NotebookError: it isn't a Jupyter notebook that daglab can read, or git has left a conflict in it.
    """
    return None if file.data is None else parse_jupyter(_merged_by_git(file), str(file.path))


def _merged_by_git(file: FileContent) -> str:
    """A file's text, unless git has left a conflict in it: all three markers, since a notebook may speak of one."""
    text, at = decode(file), 0
    if "<<<<<<< " in text:
        for marker in ("\n<<<<<<< ", "\n=======", "\n>>>>>>> "):
            at = f"\n{text}".find(marker, at)
            if at < 0:
                return text
        remedy = "resolve the conflict, or take one side: git checkout --ours (or --theirs) FILE; then daglab sync"
        raise NotebookError(f"{file.path} has git's conflict markers in it", remedy=remedy)
    return text


def decode(file: FileContent) -> str:
    """A file's text.

    Raises:
        NotebookError: it isn't UTF-8.
    """
    assert file.data is not None
    try:
        return file.data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = f"byte {error.start} is {error.object[error.start]:#04x}"
        raise NotebookError(f"{file.path} is not UTF-8: {at}", remedy="save it as UTF-8") from error
