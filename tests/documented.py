"""Arrays that docs/analysis.md names, for the tests that compare it with the code."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "analysis.md"


def arrays(file_name):
    """Names in the table of one file."""
    section = PAGE.read_text().split(f"## `{file_name}`")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
