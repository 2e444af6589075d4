"""A module beside the notebooks."""

from dataclasses import dataclass


@dataclass
class Point:
    x: int
    y: int
