"""Which rules this is: the version, and a digest that changes when any rule does."""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

RULE_PACKAGES: Final = (
    "settlespec.arithmetic",
    "settlespec.domain",
    "settlespec.rules",
    "settlespec.wire",
    "settlespec.machine",
)
"""The packages whose text decides what is accepted and what it does."""


def version() -> str:
    """The version of the installed distribution."""
    return installed_version("settlespec")


def package_folder(package: str) -> Path | None:
    """The folder of a package, without importing it; None when no root has it."""
    specification = find_spec(package)
    if specification is None or specification.origin is None:
        return None
    return Path(specification.origin).parent


def rules_digest() -> str:
    """SHA-256, in hex, of the text of the rule packages."""
    return digest_of(RULE_PACKAGES)


def digest_of(packages: Iterable[str]) -> str:
    """SHA-256, in hex, of the text of packages, files in sorted order.

    Each file adds its name and its bytes, both preceded by their length, so that text cannot move between files unseen.
    Line endings are read as line feeds: the same rules have the same digest on every system.
    """
    digest = sha256()
    for name, text in _files(packages):
        for part in (name.encode(), text):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _files(packages: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for package in packages:
        folder = package_folder(package)
        if folder is None:
            raise RuntimeError(f"the package {package} is missing from this installation")
        named = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.py")}
        for name, path in sorted(named.items()):
            yield f"{package}/{name}", path.read_bytes().replace(b"\r\n", b"\n")
