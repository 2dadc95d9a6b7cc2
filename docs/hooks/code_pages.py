"""Adds the pages whose facts stand in the code: the limits, the reasons, and two examples that are run at every build."""

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from settlespec.oracle.example import example_page, example_trace
from settlespec.oracle.expiry_example import EXPIRY_EXAMPLE
from settlespec.oracle.handbook import limits_page, reasons_page


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages, and the traces of the examples."""
    pages = {
        "limits.md": limits_page(),
        "reasons.md": reasons_page(),
        "example.md": example_page(),
        "example.jsonl": example_trace()[0],
        "expiry.md": example_page(EXPIRY_EXAMPLE),
        "expiry.jsonl": example_trace(EXPIRY_EXAMPLE)[0],
    }
    for name, content in pages.items():
        files.append(File.generated(config, name, content=content))
    return files
