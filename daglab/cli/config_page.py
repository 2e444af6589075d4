"""docs/configuration.md, the reference of the configuration, made from its JSON Schema."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from daglab.config import config_schema
from daglab.config_sources import ENV_PREFIX

_INTRODUCTION = """\
# Configuration

daglab's tools on a developer's machine are configured in `daglab.yaml` at the project's root, or in `[tool.daglab]` of
its `pyproject.toml`; not in both. What a deployed wheel does never depends on these files; of the variables it heeds
those of `executed` ([deployment](deployment.md#where-executed-notebooks-go)). This page is generated from the schema:
`python -m daglab.cli.config_page > docs/configuration.md`.

```yaml
version: 1
notebooks_dir: src/shop/notebooks
dagster:
  url: https://dagster.example.com/prod
  auth: {type: bearer, token_env: DAGSTER_TOKEN}
executed: {storage: "s3://bucket/executed", retention_days: 90}
```

## Where a value comes from

The first of these that says something:

1. options of the command, such as `--url` and `--read-only`;
2. environment variables: `DAGLAB_READ_ONLY`, and with two underscores between a section and its key,
   `DAGLAB_DAGSTER__PORT`. A section can be given whole, as JSON: `DAGLAB_EXECUTED='{"retention_days": 7}'`;
3. the project's file: that of the current folder, or of the nearest folder above it, up to the root of the git
   repository;
4. the user's own file: `daglab.yaml` in the folder that the system has for such files, `~/.config/daglab` on Linux,
   `~/Library/Application Support/daglab` on macOS;
5. the defaults.

Keys are taken one by one, with two exceptions. Dagster's address is one decision: a source that sets `url` drops
the `host` and `port` of weaker ones, and the other way round. So is `auth`: a source that sets its `type` drops all of
theirs.

```console
$ daglab config show --origin        # each value, and the file and line, or variable, that it comes from
$ daglab config schema               # the JSON Schema: for editors, and for what is checked
```

A key that daglab doesn't know, and a value that can't be, are errors with file and line, or the variable's name; all of
them are told at once. A misspelt key is told with the nearest one.

Secrets don't belong in the configuration, and there is no key for one: `auth` names the variable, the file or the entry
of the system's keyring that holds it. URLs with a password in them are refused. What `daglab config show` prints can be
shown to anybody.
"""


def config_page() -> str:
    """docs/configuration.md, as it must be."""
    schema = config_schema()
    return "\n".join([_INTRODUCTION, *_section((), schema, schema["$defs"])])


def _section(place: tuple[str, ...], table: Mapping[str, Any], sections: Mapping[str, Any]) -> Iterator[str]:
    """The keys of a section, then the sections in it."""
    below = {}
    yield f"## `{'.'.join(place)}`\n\n{table['description']}\n" if place else "## Keys\n"
    yield "| key | type | default | variable | meaning |\n|---|---|---|---|---|"
    for key, field in table["properties"].items():
        if "$ref" in field:
            below[key] = sections[field["$ref"].rpartition("/")[2]]
            continue
        variable = ENV_PREFIX + "__".join((*place, key)).upper()
        default = "" if field.get("default") is None else f"`{json.dumps(field['default'])}`"
        meaning = field.get("description", "").replace("``", "`").replace("\n", " ").replace("|", "\\|")
        yield f"| `{key}` | {_type(field)} | {default} | `{variable}` | {meaning} |"
    yield ""
    for key, section in below.items():
        yield from _section((*place, key), section, sections)


def _type(field: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"])
    if "enum" in field or "const" in field:
        return " or ".join(f"`{json.dumps(value)}`" for value in field.get("enum", [field.get("const")]))
    limits = {"minimum": "from {}", "maximum": "to {}", "exclusiveMinimum": "above {}"}
    said = [words.format(field[limit]) for limit, words in limits.items() if limit in field]
    return " ".join([str(field.get("format", field["type"])), *said])


if __name__ == "__main__":
    sys.stdout.write(config_page())
