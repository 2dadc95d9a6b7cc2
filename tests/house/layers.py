"""The one-way order of the packages, as a configuration for import-linter that is written from the tree.

Run as ``python -m tests.house.layers build/import-linter.ini``. A package or a lone module that no layer names is an
error, so that nothing new goes unchecked.
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
ROOTS: Final = tuple(REPOSITORY / root / "settlespec" for root in ("spec", "reference", "properties"))

LAYERS: Final[tuple[tuple[str, ...], ...]] = (
    ("__main__",),
    ("oracle",),
    ("laws", "engines", "shapes", "hunting", "monitoring", "zoo"),
    ("commitment", "proofs", "settlement", "sequencing", "risk", "flows", "efficiency"),
    ("machine",),
    ("wire",),
    ("invariants",),
    ("rules",),
    ("domain",),
    ("arithmetic",),
)
"""From the top down: a package imports from below, and from its neighbours on one line."""


class UnlistedPackage(Exception):
    """The tree has something that no layer names."""


def children(roots: Iterable[Path]) -> frozenset[str]:
    """The packages that the roots contribute; every one a folder with an ``__init__.py``.

    Raises:
        UnlistedPackage: a folder with code but without ``__init__.py``, or a module beside the packages.
    """
    names: set[str] = set()
    for root in roots:
        for path in sorted(root.iterdir()):
            if path.name == "__main__.py" or (path / "__init__.py").is_file():
                names.add(path.stem)
            elif path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py"))):
                raise UnlistedPackage(f"{path.name} in {root.parent.name} must be a package with an __init__.py")
    return frozenset(names)


def configuration(roots: Sequence[Path] = ROOTS, namespace: str = "settlespec") -> str:
    """The text for import-linter: the layers that the tree has, and nothing beside them."""
    present = children(roots)
    unlisted = present - {name for layer in LAYERS for name in layer}
    if unlisted:
        raise UnlistedPackage(
            f"no layer names {', '.join(sorted(unlisted))}; add it to LAYERS in tests/house/layers.py"
        )
    kept = [[name for name in layer if name in present] for layer in LAYERS]
    lines = [
        "[importlinter]",
        f"root_package = {namespace}",
        "",
        "[importlinter:contract:layers]",
        "name = Imports run one way",
        "type = layers",
        f"containers = {namespace}",
        "exhaustive = true",
        "layers =",
        *(f"    {' : '.join(layer)}" for layer in kept if layer),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(configuration(), encoding="utf-8")
