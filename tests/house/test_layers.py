"""Imports run one way, and what holds them to it notices when they do not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.layers import LAYERS, REPOSITORY, UnlistedPackage, children, configuration


def lint_imports(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "import-linter.ini").write_text(text, encoding="utf-8")
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run(
        [str(program), "--no-logo", "--no-cache", "--config", "import-linter.ini"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "lower") + os.pathsep + str(folder / "upper")},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Two roots of one namespace with four packages, as the repository has three with many."""
    for name, text in {
        "lower/planted/arithmetic": "",
        "lower/planted/domain": "import planted.arithmetic\n",
        "lower/planted/rules": "import planted.domain\n",
        "upper/planted/machine": "import planted.rules\n",
    }.items():
        folder = tmp_path / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(text, encoding="utf-8")
    return tmp_path


def roots(planted: Path) -> tuple[Path, Path]:
    return planted / "lower" / "planted", planted / "upper" / "planted"


def test_imports_that_run_one_way_are_kept_across_the_roots(planted: Path) -> None:
    finished = lint_imports(configuration(roots(planted), "planted"), planted)
    assert "Imports run one way KEPT" in finished.stdout
    assert "3 dependencies" in finished.stdout
    assert finished.returncode == 0


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("lower/planted/arithmetic/__init__.py", "planted.domain"),
        ("lower/planted/rules/__init__.py", "planted.machine"),
    ],
)
def test_a_planted_import_from_above_is_caught(planted: Path, module: str, imported: str) -> None:
    file = planted / module
    file.write_text(f"import {imported}\n", encoding="utf-8")
    finished = lint_imports(configuration(roots(planted), "planted"), planted)
    assert finished.returncode == 1
    assert f"is not allowed to import {imported}" in finished.stdout


def test_a_package_that_no_layer_names_is_an_error(planted: Path) -> None:
    folder = planted / "upper" / "planted" / "novelty"
    folder.mkdir()
    (folder / "__init__.py").touch()
    with pytest.raises(UnlistedPackage, match="no layer names novelty"):
        configuration(roots(planted), "planted")


def test_import_linter_itself_notices_a_package_added_after_the_list_was_written(planted: Path) -> None:
    text = configuration(roots(planted), "planted")
    folder = planted / "upper" / "planted" / "novelty"
    folder.mkdir()
    (folder / "__init__.py").touch()
    finished = lint_imports(text, planted)
    assert finished.returncode == 1
    assert "planted.novelty" in finished.stdout


@pytest.mark.parametrize("name", ["novelty.py", "novelty/code.py"])
def test_code_that_is_not_in_a_package_is_an_error(planted: Path, name: str) -> None:
    file = planted / "upper" / "planted" / name
    file.parent.mkdir(exist_ok=True)
    file.touch()
    with pytest.raises(UnlistedPackage, match="must be a package"):
        children(roots(planted))


def test_every_package_of_the_tree_stands_in_one_layer() -> None:
    named = [name for layer in LAYERS for name in layer]
    assert len(named) == len(set(named))
    written = configuration().split("layers =\n")[1]
    found = {name for line in written.splitlines() for name in line.strip().split(" : ")}
    present = {
        path.parent.name
        for root in ("spec", "reference", "properties")
        for path in (REPOSITORY / root / "settlespec").glob("*/__init__.py")
    }
    assert found == present | {"__main__"}
    assert {"arithmetic", "domain", "rules", "machine", "oracle"} <= found
