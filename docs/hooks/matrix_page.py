"""Puts the tables of the last report into the page of the matrix at every build."""

import json
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from settlespec.oracle.matrix_page import markdown as with_tables


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill the places of ``matrix.md``; the build fails when one is missing."""
    if page.file.src_uri != "matrix.md":
        return markdown
    report = json.loads((Path(config.docs_dir) / "matrix.json").read_text(encoding="utf-8"))
    try:
        return with_tables(markdown, report)
    except ValueError as fault:
        raise PluginError(str(fault)) from fault
