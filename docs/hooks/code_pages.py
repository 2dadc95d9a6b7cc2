"""Adds the pages whose facts stand in the code: the limits, the reasons, and an example that is run at every build."""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from settlespec.oracle.example import example_page, example_trace
from settlespec.oracle.handbook import limits_page, reasons_page


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, and the trace of the example."""
    pages = {
        "limits.md": limits_page(),
        "reasons.md": reasons_page(),
        "example.md": example_page(),
        "example.jsonl": example_trace()[0],
    }
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    return files
