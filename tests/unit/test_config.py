from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from daglab.config import Config, config_schema, load_config
from daglab.config_sources import Origin
from daglab.errors import ConfigError

FULL = """\
version: 1.0
notebooks_dir: src/shop/notebooks
dagster:
  host: dagster.local
  port: 4000
  repository_name: __repository__
  repository_location_name: shop
  auth: {type: bearer, token_env: DAGSTER_GRAPHQL_TOKEN, allow_plain_http: true}
  timeout: 5
marimo: {port: 2800}
jupyter: {sync_on_save: false}
executed: {storage: "s3://bucket/executed", retention_days: 7}
read_only: true
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, away from the configuration of whoever runs the tests."""
    for name in [n for n in os.environ if n.startswith("DAGLAB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / ".config"))
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    return folder


def user_file(project: Path) -> Path:
    from daglab.config_sources import user_config_file

    path = user_config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def refused(project: Path, text: str) -> ConfigError:
    (project / "daglab.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(project)
    return caught.value


def test_without_any_source_the_defaults_hold(project: Path) -> None:
    config = load_config(project)
    assert config.to_json() == {
        "version": 1,
        "notebooks_dir": None,
        "dagster": {
            "host": "localhost",
            "port": 3000,
            "url": None,
            "repository_name": "__repository__",
            "repository_location_name": None,
            "auth": {
                "type": "none",
                "token_env": None,
                "token_file": None,
                "token_keyring": None,
                "username": None,
                "header": None,
                "allow_plain_http": False,
            },
            "timeout": 30.0,
        },
        "marimo": {"port": 2718},
        "jupyter": {"sync_on_save": True},
        "executed": {"storage": None, "retention_days": 30},
        "read_only": False,
    }
    assert config.dagster.address == "http://localhost:3000"
    assert set(config.origins.values()) == {Origin("default")}
    assert config.root == project


def test_every_key_is_read_from_the_projects_file(project: Path) -> None:
    (project / "daglab.yaml").write_text(FULL)
    config = load_config(project)
    assert config.version == 1
    assert config.notebooks_dir == Path("src/shop/notebooks")
    assert config.dagster.address == "http://dagster.local:4000"
    assert config.dagster.repository_location_name == "shop"
    assert config.dagster.auth.type == "bearer"
    assert config.dagster.timeout == 5
    assert (config.marimo.port, config.jupyter.sync_on_save, config.read_only) == (2800, False, True)
    assert (config.executed.storage, config.executed.retention_days) == ("s3://bucket/executed", 7)
    assert config.origins["dagster.port"] == Origin("file", str(project / "daglab.yaml"), 5)
    assert config.origins["dagster.auth.token_env"].line == 8


@pytest.mark.parametrize("version", ["1", "1.0", '"1"', '"1.0"'])
def test_version_one_in_each_spelling(project: Path, version: str) -> None:
    (project / "daglab.yaml").write_text(f"version: {version}\n")
    assert load_config(project).version == 1


@pytest.mark.parametrize("version", ["2", "true", "1.1", "null"])
def test_other_versions_are_refused(project: Path, version: str) -> None:
    assert "daglab.yaml:1: version:" in refused(project, f"version: {version}\n").message


def test_pyproject_is_read_with_its_line_numbers(project: Path) -> None:
    path = project / "pyproject.toml"
    path.write_text("[project]\n\n\n[tool.daglab]\nread_only = true\n\n[tool.daglab.dagster]\nport = 4001\n")
    config = load_config(project)
    assert (config.dagster.port, config.read_only) == (4001, True)
    assert config.origins["dagster.port"] == Origin("file", str(path), 8)


SOURCES = ("flag", "environment", "nearest file", "file above", "user file", "default")


@pytest.mark.parametrize("strongest", range(len(SOURCES)))
def test_each_source_wins_over_all_that_are_weaker(
    project: Path, monkeypatch: pytest.MonkeyPatch, strongest: int
) -> None:
    """The strongest source of those that set the key, which are it and all after it."""
    below = project / "shop"
    below.mkdir()
    files = {
        "nearest file": (below / "daglab.yaml", "marimo: {port: 1002}\n"),
        "file above": (project / "pyproject.toml", "[tool.daglab]\nmarimo.port = 1003\n"),
        "user file": (user_file(project), "marimo: {port: 1004}\n"),
    }
    given = SOURCES[strongest:]
    for path, text in (files[source] for source in given if source in files):
        path.write_text(text)
    if "environment" in given:
        monkeypatch.setenv("DAGLAB_MARIMO__PORT", "1001")
    config = load_config(below, flags={"marimo.port": 1000 if "flag" in given else None})
    wins = [
        (1000, Origin("flag", "marimo.port")),
        (1001, Origin("environment", "DAGLAB_MARIMO__PORT")),
        (1002, Origin("file", str(below / "daglab.yaml"), 1)),
        (1003, Origin("file", str(project / "pyproject.toml"), 2)),
        (1004, Origin("user file", str(files["user file"][0]), 1)),
        (2718, Origin("default")),
    ]
    assert (config.marimo.port, config.origins["marimo.port"]) == wins[strongest]


def test_order_of_the_sources(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user_file(project).write_text("marimo: {port: 1001}\nread_only: true\nexecuted: {retention_days: 3}\n")
    (project / "daglab.yaml").write_text("marimo: {port: 1002}\nexecuted: {retention_days: 4}\n")
    monkeypatch.setenv("DAGLAB_MARIMO__PORT", "1003")
    config = load_config(project, flags={"marimo.port": 1004, "dagster.port": None})
    assert (config.marimo.port, config.executed.retention_days, config.read_only) == (1004, 4, True)
    assert str(config.origins["marimo.port"]) == "flag marimo.port"
    assert config.origins["read_only"].kind == "user file"
    assert str(load_config(project).origins["marimo.port"]) == "environment DAGLAB_MARIMO__PORT"


def test_a_parents_file_counts_but_none_above_the_git_root(project: Path) -> None:
    (project.parent / "daglab.yaml").write_text("read_only: true\n")
    below = project / "src" / "shop"
    below.mkdir(parents=True)
    assert load_config(below).read_only is False
    (project / "daglab.yaml").write_text("marimo: {port: 1}\n")
    config = load_config(below)
    assert (config.marimo.port, config.root) == (1, project)


def test_a_pyproject_without_our_table_does_not_end_the_search(project: Path) -> None:
    (project / "daglab.yaml").write_text("read_only: true\n")
    below = project / "packages" / "shop"
    below.mkdir(parents=True)
    (below / "pyproject.toml").write_text("[project]\n")
    assert load_config(below).read_only is True


def test_unknown_key_with_file_line_and_nearest_name(project: Path) -> None:
    error = refused(project, "version: 1\ndagster:\n  prot: 3000\n")
    assert f"{project / 'daglab.yaml'}:3: unknown key dagster.prot: did you mean 'port'?" in error.message
    fault = error.details["faults"][0]
    assert (fault["line"], fault["key"], fault["origin"]) == (3, "dagster.prot", "file")


def test_all_faults_are_told_at_once(project: Path) -> None:
    error = refused(project, "marimo: {port: 70000}\nreed_only: true\nexecuted: 3\n")
    assert [f["key"] for f in error.details["faults"]] == ["executed", "marimo.port", "reed_only"] or {
        f["key"] for f in error.details["faults"]
    } == {"executed", "marimo.port", "reed_only"}
    assert "daglab.yaml:1: marimo.port:" in error.message
    assert "not 70000" in error.message


def test_unknown_variables_are_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGLAB_DAGSTER__PROT", "1")
    with pytest.raises(ConfigError, match=r"environment DAGLAB_DAGSTER__PROT: unknown key .*did you mean 'port'"):
        load_config(project)
    monkeypatch.delenv("DAGLAB_DAGSTER__PROT")
    monkeypatch.setenv("DAGLAB_MARIMOO__PORT", "1")
    with pytest.raises(ConfigError, match=r"environment DAGLAB_MARIMOO__PORT: unknown key .*did you mean 'marimo'"):
        load_config(project)


def test_the_tokens_own_variable_may_have_our_prefix(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "daglab.yaml").write_text("dagster: {auth: {type: bearer, token_env: DAGLAB_TOKEN}}\n")
    monkeypatch.setenv("DAGLAB_TOKEN", "canary-5a1")
    config = load_config(project)
    assert config.dagster.auth.headers() == {"Authorization": "Bearer canary-5a1"}
    assert "canary-5a1" not in repr(config) + str(config) + json.dumps(config.to_json()) + repr(config.origins)


def test_host_and_url_in_one_source_is_an_error(project: Path) -> None:
    error = refused(project, "dagster:\n  url: http://a.example\n  port: 3000\n")
    assert "daglab.yaml" in error.message
    assert "url and host or port are both set" in error.message


def test_a_stronger_sources_address_replaces_the_weaker_ones(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "daglab.yaml").write_text("dagster: {url: 'https://a.example/prod/'}\n")
    assert load_config(project).dagster.address == "https://a.example/prod"
    monkeypatch.setenv("DAGLAB_DAGSTER__PORT", "4000")
    assert load_config(project).dagster.address == "http://localhost:4000"
    config = load_config(project, flags={"dagster.url": "http://b.example"})
    assert config.dagster.address == "http://b.example"
    assert config.origins["dagster.port"].kind == "default"


def test_a_stronger_sources_auth_replaces_the_weaker_ones(project: Path) -> None:
    user_file(project).write_text("dagster: {auth: {type: bearer, token_env: A}}\n")
    (project / "daglab.yaml").write_text("dagster: {auth: {type: none}}\n")
    config = load_config(project)
    assert config.dagster.auth.headers() == {}
    assert config.origins["dagster.auth.token_env"].kind == "default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dagster: {auth: {token: canary-7b2}}", "secrets don't belong in it"),
        ("dagster: {auth: {type: bearer}}", "needs token_env or token_file"),
        ("dagster: {auth: {token_env: T}}", "without a type"),
        ("dagster: {auth: {type: basic, token_env: T}}", "basic needs it"),
        ("dagster: {auth: {type: header, token_env: T}}", "header needs it"),
        ("dagster: {auth: {type: bearer, token_env: T, username: u}}", "username is for basic"),
        ("dagster: {auth: {type: bearer, token_env: T, token_keyring: a/b}}", "one of them"),
        ("dagster: {auth: {type: bearer, token_keyring: a}}", "dagster.auth.token_keyring"),
        ("dagster: {auth: {type: header, token_env: T, header: 'X: y'}}", "dagster.auth.header"),
        ("dagster: {url: 'http://a.example', auth: {type: bearer, token_env: T}}", "plain text"),
        ("dagster: {auth: {type: canary-7b2}}", "dagster.auth.type"),
        ("dagster: {auth: [canary-7b2]}", "dagster.auth"),
        ("dagster: {url: 'http://user:canary-7b2@a.example'}", "URL with credentials"),
        ("executed: {storage: 's3://key:canary-7b2@bucket'}", "URL with credentials"),
        ("dagster: {url: 'file:///etc/passwd'}", "expected http"),
        ("dagster: {host: 'a.example/evil'}", "dagster.host"),
        ("- 1\n", "expected keys with values"),
        ("a: [", "not valid YAML"),
        ("read_only: true\nread_only: false\n", ":2: read_only is set twice"),
    ],
)
def test_refused_and_never_with_the_secret(project: Path, text: str, message: str) -> None:
    error = refused(project, text)
    assert message in error.message
    assert "daglab.yaml" in error.message
    assert "canary" not in str(error) + json.dumps(error.to_json())


def test_broken_toml_and_two_files(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.daglab]\nread_only = \n")
    with pytest.raises(ConfigError, match=r"pyproject.toml:2: not valid TOML"):
        load_config(project)
    (project / "pyproject.toml").write_text("[tool.daglab]\nread_only = true\n")
    (project / "daglab.yaml").write_text("")
    with pytest.raises(ConfigError, match="configured twice"):
        load_config(project)


def test_environment_with_broken_json(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGLAB_DAGSTER", '{"port": 3001}')
    assert load_config(project).dagster.port == 3001
    monkeypatch.setenv("DAGLAB_DAGSTER", "{")
    with pytest.raises(ConfigError, match="environment"):
        load_config(project)


def test_headers_of_each_kind_of_authentication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")

    def headers(**auth: object) -> dict[str, str]:
        return Config(dagster={"auth": auth}).dagster.auth.headers()  # type: ignore[arg-type]

    assert headers(type="bearer", token_file=secret) == {"Authorization": "Bearer s3cret"}
    assert headers(type="basic", username="ann", token_file=secret) == {"Authorization": "Basic YW5uOnMzY3JldA=="}
    assert headers(type="header", header="X-Api-Key", token_file=secret) == {"X-Api-Key": "s3cret"}
    secret.write_text("two\nlines")
    with pytest.raises(ConfigError, match="holds no token"):
        headers(type="bearer", token_file=secret)
    monkeypatch.delenv("NOT_THERE", raising=False)
    with pytest.raises(ConfigError, match="variable NOT_THERE holds no token"):
        headers(type="bearer", token_env="NOT_THERE")
    with pytest.raises(ConfigError, match="cannot be read"):
        headers(type="bearer", token_file=tmp_path / "missing")


def test_the_address_of_an_ipv6_host() -> None:
    assert Config(dagster={"host": "::1"}).dagster.address == "http://[::1]:3000"  # type: ignore[arg-type]


def test_the_configuration_is_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().read_only = True


def test_the_schema_knows_every_key_and_no_other() -> None:
    schema = config_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(Config().to_json())
    assert set(schema["$defs"]["Dagster"]["properties"]) == set(Config().to_json()["dagster"])
