"""The pages of the documentation, read as somebody reads them who writes another machine from them."""

import re
from typing import Final

from tests.house.layers import REPOSITORY

DOCS: Final = REPOSITORY / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of any depth."""
    (found,) = re.findall(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    return str(found)


def table(text: str) -> list[list[str]]:
    """The rows of the first table, without its head; the marks of code are taken off."""
    rows = []
    for line in text[text.index("|---") :].splitlines()[1:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip().strip("|").split("|")])
    return rows


def code(text: str) -> str:
    """Every block of Python, in order."""
    return "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
