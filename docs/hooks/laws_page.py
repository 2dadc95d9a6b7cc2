"""Adds the laws page to the documentation, written anew from the statements of the laws at every build."""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from settlespec.laws.statement import catalogue
from settlespec.oracle.law_words import markdown


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add ``laws.md``."""
    files.append(File.generated(config, "laws.md", content=markdown(catalogue())))
    return files
