"""The site of the documentation: `make docs` builds it from this folder into `build/docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import neurodepth

project = "neurodepth"
author = "The neurodepth authors"
copyright = author
release = neurodepth.__version__

extensions = [
    "myst_parser",  # pages are Markdown
    "sphinx.ext.autodoc",  # library: from the docstrings
    "sphinx.ext.napoleon",  # ... in Google's form
    "sphinx_copybutton",
    "schema_table",  # configuration: from the schemas
]
html_theme = "furo"
html_title = "neurodepth"
html_theme_options = {"navigation_with_keys": True}
html_show_sphinx = False

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3  # pages link to each other's headings, on GitHub too
suppress_warnings = ["myst.xref_missing"]  # links into the repository, outside this folder; tests/docs follows them

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_use_rtype = False
