"""Which files jupytext pairs: daglab's reading of ``formats`` beside the real jupytext's."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import jupytext.config
import pytest
from jupytext.formats import long_form_multiple_formats
from jupytext.paired_paths import InconsistentPath, find_base_path_and_format, paired_paths

from daglab.pair.jupytext_formats import Halves, configured, find_config, halves, parse_formats

FORMATS = [
    "ipynb,py:marimo",
    "py:marimo,ipynb",
    "notebooks///ipynb,marimo///py:marimo",
    "notebooks///ipynb,src/marimo///py:marimo",
    "notebooks//inner//ipynb,marimo///py:marimo",
    "notebooks//ipynb,py:marimo",
    "ipynb,marimo//py:marimo",
    "notebooks//ipynb,marimo//py:marimo",
    "notebooks/ipynb,py:marimo",
    "nb_/ipynb,lib_/py:marimo",
    "notebooks/nb_/ipynb,marimo/lib_/py:marimo",
    "ipynb,../marimo//py:marimo",
    "notebooks//ipynb,../marimo//py:marimo",
    ".nb.ipynb,.lib.py:marimo",
    "_x.ipynb,py:marimo",
    "ipynb,py:marimo,md",
    "ipynb,py:marimo,scripts//py:percent",
    "notebooks///ipynb,py:marimo",
    "notebooks///ipynb,marimo//nb_/py:marimo",
]
PATHS = [
    "{0}/a{1}", "notebooks/{0}/a{1}", "{0}/sub/a{1}", "notebooks/{0}/sub/deep/a{1}", "{0}/nb_a{1}", "{0}/lib_a{1}",
    "{0}/notebooksa{1}", "{0}/a.nb{1}", "{0}/a.lib{1}", "{0}/a_x{1}", "{0}/inner/a{1}", "src/{0}/sub/a{1}",
    "{0}/a b.c{1}",
]  # fmt: skip


def jupytexts(path: Path, formats: Any) -> Halves | None:
    """What jupytext pairs, of which only one .ipynb with one .py of marimo counts."""
    try:
        long = long_form_multiple_formats(formats)
        _, fmt = find_base_path_and_format(str(path), long)
        found = paired_paths(str(path), fmt, long)
    except InconsistentPath:
        return None
    ipynb = [place for place, fmt in found if fmt["extension"] == ".ipynb"]
    py = [place for place, fmt in found if fmt.get("format_name") == "marimo"]
    if str(path) not in (*ipynb, *py):
        return None
    return Halves(Path(py[0]), Path(ipynb[0]), marimo=True)


@pytest.mark.parametrize("configuration", [None, ".", "notebooks", "src"])
@pytest.mark.parametrize("formats", FORMATS)
def test_paths_are_jupytexts(formats: str, configuration: str | None, tmp_path: Path) -> None:
    if configuration:
        (tmp_path / configuration).mkdir(exist_ok=True)
        (tmp_path / configuration / "jupytext.toml").write_text("")
    compared = 0
    for pattern, folder, extension in itertools.product(
        PATHS, ("", "notebooks", "marimo", "notebooks/inner"), (".ipynb", ".py")
    ):
        path = tmp_path / pattern.format(folder, extension).lstrip("/")
        if "../" in formats and extension == ".py":
            continue  # jupytext finds another file than the one that it made this from
        assert halves(path, parse_formats(formats), find_config(path.parent)) == jupytexts(path, formats), path
        compared += jupytexts(path, formats) is not None
    assert compared or "///ipynb,py:" in formats or configuration


CONFIGS = [
    ("jupytext.toml", 'formats = "ipynb,py:marimo"\n'),
    (".jupytext.toml", 'formats = "notebooks///ipynb,marimo///py:marimo;ipynb,py:marimo"\n'),
    ("jupytext", '[formats]\n"notebooks/" = "ipynb"\n"marimo" = "py:marimo"\n'),
    ("jupytext.toml", '[formats]\n"" = "ipynb"\n"marimo/" = "py:marimo"\n'),
    (
        "jupytext.toml",
        '[[formats]]\n"notebooks/" = "ipynb"\n"marimo/" = "py:marimo"\n[[formats]]\n"" = "ipynb,py:marimo"\n',
    ),
    ("jupytext.toml", 'formats = ["notebooks//ipynb,py:marimo", "ipynb,py:marimo"]\n'),
    ("jupytext.yml", "formats: ipynb,py:marimo\n"),
    ("jupytext.json", '{"formats": "ipynb,py:marimo"}\n'),
    ("pyproject.toml", '[tool.jupytext]\nformats = "ipynb,py:marimo"\n'),
    ("pyproject.toml", '[tool.jupytext.formats]\n"notebooks/" = "ipynb"\n"marimo/" = "py:marimo"\n'),
    ("jupytext.toml", "notebook_metadata_filter = 'all'\n"),
]


@pytest.mark.parametrize(("name", "text"), CONFIGS)
@pytest.mark.parametrize("place", ["a{}", "notebooks/a{}", "marimo/a{}", "notebooks/sub/a{}", "other/marimo/sub/a{}"])
@pytest.mark.parametrize("extension", [".ipynb", ".py"])
def test_configurations_are_read_as_jupytext_does(
    name: str, text: str, place: str, extension: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text)
    path = tmp_path / place.format(extension)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    config = find_config(path.parent)
    assert config is not None
    assert str(config.path) == jupytext.config.find_jupytext_configuration_file(str(path))
    real = jupytext.config.load_jupytext_config(str(path)).default_formats(str(path))
    expected = jupytexts(path, real) if real else None
    assert halves(path, configured(path, config), config) == expected


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    (tmp_path / "jupytext.toml").write_text('formats = "ipynb,py:marimo"\n')
    (tmp_path / "pyproject.toml").write_text('[tool.jupytext]\nformats = "ipynb,py:percent"\n')
    inner = tmp_path / "inner"
    inner.mkdir()

    def nearest() -> tuple[Path, int]:
        config = find_config(inner)
        assert config
        return config.path, len(configured(inner / "a.ipynb", config))

    assert nearest() == (tmp_path / "jupytext.toml", 2)
    (inner / "pyproject.toml").write_text("[tool.other]\n")
    assert nearest() == (tmp_path / "jupytext.toml", 2)
    (inner / "jupytext.yml").write_text("formats: [\n")  # no YAML: it says nothing
    assert nearest() == (inner / "jupytext.yml", 0)


def test_other_formats_are_told_from_marimos(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    found = halves(path, parse_formats("ipynb,py:percent"))
    assert found == Halves(tmp_path / "a.py", path, marimo=False)
    for text in ("ipynb,md", "py:marimo", "ipynb,.x.ipynb,py:marimo", "ipynb,py:marimo,x//py:marimo", ""):
        assert halves(path, parse_formats(text)) is None
    assert parse_formats(7) == parse_formats([1]) == parse_formats(None) == ()
