"""The build hook: refuses a project with findings, bundles its pairs, makes its wheel a Dagster code location."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

if TYPE_CHECKING:
    from daglab.notebook.source_project import SourceProject


class DaglabBuildHook(BuildHookInterface[BuilderConfig]):
    """``[tool.hatch.build.hooks.daglab]``; see docs/hook.md."""

    PLUGIN_NAME = "daglab"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Check the project, then hand hatchling the files that belong into the wheel or sdist.

        An editable install is checked by nobody: it is how notebooks are worked on.
        """
        if self.target_name not in ("wheel", "sdist"):
            return
        from daglab.errors import DaglabError
        from daglab.pair.findings import check_pairs
        from daglab.pair.places import Places
        from hatch_daglab.bundle import Bundle
        from hatch_daglab.locations import register
        from hatch_daglab.selection import Selection

        try:
            project = self._project()
            selection = Selection(self.build_config.builder)
            if version == "editable":
                packages = selection.packages_of(project.notebooks())
                register(self.metadata.core, [p for p in packages if selection.has_definitions(p)])
                return
            places = Places()
            is_wheel = self.target_name == "wheel"
            report = check_pairs(
                project,
                places,
                jupyter=[path for path, _ in selection.jupyter_notebooks() if project.holds(path)],
                paths=sorted({*project.notebooks(), *(selection.notebooks(project) if is_wheel else ())}),
                is_carried=lambda path: not is_wheel or selection.package_of(path) is not None,
            )
            if report.ignored:
                self.app.display_info(f"daglab: findings ignored: {len(report.ignored)}")
            found = selection.links(project, {finding.path for finding in report.findings})
            found += selection.unpacked(report, project) if is_wheel else []
            self._refuse_if(sorted({*report.findings, *found}))
            if not report.notebooks:
                self.app.display_info("daglab: no notebooks yet, so that nothing is added: docs/hook.md")
            self._folder = TemporaryDirectory(prefix="daglab-build-")
            bundle = Bundle(selection, project.options, places, self._folder.name)
            if is_wheel:
                packages = bundle.add_wheel(report)
                register(self.metadata.core, packages)
            else:
                bundle.add_sdist(report)
            build_data["force_include"].update(bundle.files)
            self.build_config.build_reserved_paths.update(selection.stray)
        except DaglabError as error:
            self.app.abort(f"daglab: {error}")

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the generated files; they are in the artifact now."""
        if (folder := getattr(self, "_folder", None)) is not None:
            folder.cleanup()

    def _project(self) -> SourceProject:
        from pathlib import Path

        from daglab.key_lines import toml_key_lines
        from daglab.notebook.hook_options import read_options
        from daglab.notebook.source_project import SourceProject

        root = Path(self.root)
        lines = toml_key_lines((root / "pyproject.toml").read_text(encoding="utf-8"))
        # hatchling's own answer: pyproject.toml, hatch.toml, a table of the target, and dynamic dependencies
        dependencies = tuple(self.metadata.core.dependencies)
        return SourceProject(root, dependencies, read_options(self.config), lines)

    def _refuse_if(self, findings: list[Any]) -> None:
        if not findings:
            return
        for finding in findings:
            self.app.display_error(str(finding))
        number = f"{len(findings)} finding{'' if len(findings) == 1 else 's'}"
        self.app.abort(f"daglab: the build is refused because of {number}; `daglab check` looks for the same")
