"""Adds the rules page to the documentation, written anew from the docstrings at every build."""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

from settlespec.oracle.rulebook import RulebookConflict, check, markdown, statements


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add ``rules.md``; the build fails when an id stands before two different sentences."""
    book = statements()
    try:
        check(book)
    except RulebookConflict as conflict:
        raise PluginError(f"the rules page: {conflict}") from conflict
    files.append(File.generated(config, "rules.md", content=markdown(book)))
    return files
