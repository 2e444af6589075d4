"""What all tests share: a clean environment, daglab's own wheel (built once a session), fresh virtual environments."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# A shell starts background jobs with SIGINT ignored, and children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


# CI judges a change by the same examples each time; everybody else's runs look for new ones.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


# Tests that share what is started once run in the worker that starts it.
_TOGETHER = {
    "cli": "cli",
    "client": "client",
    "demo": "wheel",
    "hatch_daglab": "wheel",
    "runtime/test_interactive.py": "materialized",
    "runtime/test_runs.py": "materialized",
    "test_extras.py": "wheel",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let pytest-xdist's workers divide the quick tests one by one, and all others by what they share."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduler(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            path = nodeid.partition("::")[0]
            _, tier, name = path.split("/", 2)
            if tier == "e2e":
                return tier
            together = _TOGETHER.get(name) or _TOGETHER.get(name.partition("/")[0], path)
            return together if tier == "integration" else nodeid

    return Scheduler(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Any:
    """What a test printed or logged may be no UTF-8, on purpose; a worker's report has to be."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session", autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No configuration and no Dagster instance of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("DAGLAB_") or n == "DAGSTER_HOME"]:
            patch.delenv(name)
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("user-config")))
        yield


@pytest.fixture(scope="session")
def daglab_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """daglab's own wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("daglab-*.whl")
    return wheel


@pytest.fixture(scope="session")
def wheel_environ(daglab_wheel: Path) -> dict[str, str]:
    """Environment variables with which pip, uv and isolated builds find daglab, which no index has."""
    folder = str(daglab_wheel.parent)
    pip, uv = os.environ.get("PIP_FIND_LINKS", ""), os.environ.get("UV_FIND_LINKS", "")
    links = {"PIP_FIND_LINKS": f"{folder} {pip}".strip(), "UV_FIND_LINKS": ",".join(filter(None, [folder, uv]))}
    return {**os.environ, **links}


class FreshVenv:
    """An empty virtual environment, into which a test installs what it wants to see alone."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        # Neither this environment's packages nor its coverage measurement belong in there.
        self.environ = {k: v for k, v in environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)

    def install(self, *requirements: str, dry_run: bool = False) -> str:
        """Install requirements with uv where it is, else with pip; answer what the tool printed."""
        if uv := shutil.which("uv"):
            command = [uv, "pip", "install", "--python", str(self.folder / "bin" / "python")]
        else:
            command = [str(self.folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        return self._check([*command, *(["--dry-run"] if dry_run else []), *requirements], timeout=900)

    def share(self) -> None:
        """Let it see this environment's packages too, and daglab as it is here."""
        (packages,) = self.folder.glob("lib/python*/site-packages")
        here = [path for path in sys.path if path.endswith("site-packages")]
        (packages / "shared.pth").write_text("\n".join([*here, str(ROOT), str(ROOT / "hatch_plugin")]) + "\n")

    def run(self, *command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment (``daglab``, ``python``) in the environment's folder."""
        program = str(self.folder / "bin" / command[0])
        return subprocess.run(
            [program, *command[1:]],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environ,
            timeout=timeout,
        )

    def distributions(self) -> set[str]:
        """Normalised names of all installed distributions."""
        program = (
            "from importlib.metadata import distributions\n"
            "print(*{d.metadata['Name'].lower().replace('_', '-') for d in distributions()})"
        )
        return set(self._check([str(self.folder / "bin" / "python"), "-c", program], timeout=60).split())

    def _check(self, command: Sequence[str], timeout: float) -> str:
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, env=self.environ, timeout=timeout
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr
