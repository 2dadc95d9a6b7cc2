"""Adds the page about the mutants, from the record of the last whole run over them."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from settlespec.oracle.mutants_page import page_of


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add ``mutants.md``; a test holds the record to the rules."""
    record = (Path(config.docs_dir) / "mutants.json").read_text(encoding="utf-8")
    files.append(File.generated(config, "mutants.md", content=page_of(record)))
    return files
