"""The ``daglab`` command: ``main`` runs it, ``commands.COMMANDS`` lists what it can do.

To add a command:

1. write ``daglab/cli/<group>.py`` with a plain function, its parameters annotated for Typer; heavy imports go inside;
2. take ``as_json: JsonOption = False`` and ``quiet: QuietOption = False``, and make ``out = Output(as_json, quiet)``;
3. put data on stdout (``out.result(value, lines)``), messages on stderr (``out.note(text)``), and go through long work
   with ``out.counted(items, "syncing")``;
4. raise a ``DaglabError`` for what fails (it brings message, remedy and exit code); return an ``ExitCode`` for anything
   else but 0;
5. add one line to ``commands.COMMANDS``. A group of commands names a ``typer.Typer`` there, in place of a function.
"""

from __future__ import annotations


def main() -> None:
    """Run ``daglab`` with the process's arguments, and exit."""
    import sys

    from daglab.cli.app import run

    sys.exit(run(sys.argv[1:]))
