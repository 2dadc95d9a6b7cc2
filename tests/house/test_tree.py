"""The shape of the repository, which other things rest on."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.layers import REPOSITORY, ROOTS

OPERATING_SYSTEM = {"asyncio", "io", "logging", "multiprocessing", "os", "pathlib", "shutil", "subprocess", "sys"}
NETWORK = {"http", "socket", "ssl", "urllib"}
CLOCK_AND_CHANCE = {"datetime", "random", "secrets", "tempfile", "threading", "time"}
FORBIDDEN_IN_THE_SPECIFICATION = OPERATING_SYSTEM | NETWORK | CLOCK_AND_CHANCE
ALLOWED_IN_THE_SPECIFICATION = frozenset({"attr", "attrs", "immutables", "settlespec"})


def imported_packages(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


def source_files() -> list[Path]:
    return [file for root in ROOTS for file in sorted(root.rglob("*.py"))]


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.parent.name)
def test_no_root_closes_the_namespace_and_each_is_typed(root: Path) -> None:
    assert not (root / "__init__.py").exists()
    assert (root / "py.typed").is_file()


def test_every_folder_with_code_is_a_package_with_a_docstring() -> None:
    folders = {file.parent for file in source_files()} - set(ROOTS)
    assert folders
    for folder in sorted(folders):
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))), folder


def test_the_specification_is_pure() -> None:
    for file in sorted(ROOTS[0].rglob("*.py")):
        imported = imported_packages(file)
        assert not imported & FORBIDDEN_IN_THE_SPECIFICATION, file
        assert imported <= ALLOWED_IN_THE_SPECIFICATION | sys.stdlib_module_names, file


def test_imports_are_absolute_everywhere() -> None:
    relative = [
        f"{file}:{node.lineno}"
        for file in source_files()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert relative == []


def test_no_module_grows_beyond_four_hundred_lines() -> None:
    lengths = {
        file.relative_to(REPOSITORY).as_posix(): len(file.read_text(encoding="utf-8").splitlines())
        for file in source_files()
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_every_make_target_that_the_pages_name_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    pages = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert {"audit", "test"} <= named
    assert named <= targets


def test_the_type_checker_and_the_wheel_take_in_every_root() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    names = {root.parent.name for root in ROOTS}
    assert names <= set(settings["mypy"]["files"])
    assert settings["mypy"]["strict"] is True
    assert {f"{name}/settlespec" for name in names} == set(settings["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert names == set(settings["hatch"]["build"]["dev-mode-dirs"])
