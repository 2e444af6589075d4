"""Prints docs/cli.schema.json: ``python -m daglab.cli.shapes``."""

import json
import sys

from daglab.cli.shapes import cli_schema

sys.stdout.write(f"{json.dumps(cli_schema(), indent=1)}\n")
