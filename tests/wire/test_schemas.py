"""The published schemas are those of the code, and they accept what the code writes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from settlespec.machine.genesis import minimal
from settlespec.machine.signatures import Ideal
from settlespec.wire.schemas import SCHEMAS, schema, schema_text
from settlespec.wire.states import encode_genesis, encode_state
from tests.house.layers import REPOSITORY
from tests.wire.drawing import reached
from tests.wire.test_malformed import PLACE, RECEIVE

PUBLISHED = REPOSITORY / "docs" / "schemas"


def validator(name: str) -> Any:
    return jsonschema.Draft202012Validator(schema(name))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_the_generated_one(name: str) -> None:
    published = (PUBLISHED / f"{name}.json").read_text(encoding="utf-8")
    assert published == schema_text(name), "run: python -m settlespec.wire.schemas docs/schemas"


def test_nothing_else_is_published() -> None:
    assert {path.stem for path in PUBLISHED.iterdir()} == set(SCHEMAS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_schema_is_a_valid_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


def test_a_schema_accepts_what_is_written_and_refuses_what_is_malformed() -> None:
    written = {
        "operation": [PLACE, RECEIVE],
        "state": [encode_state(reached(1, 500))],
        "genesis": [encode_genesis(minimal(Ideal()))],
    }
    for name, texts in written.items():
        for text in texts:
            assert validator(name).is_valid(json.loads(text))
    for good, bad in (
        (b'"size":"6"', b'"size":6'),
        (b'"size":"6"', b'"size":"-0"'),
        (b'"-1"', b'"2"'),
        (b"00ff", b"00FF"),
    ):
        assert not validator("operation").is_valid(json.loads(PLACE.replace(good, bad)))


def test_the_schemas_are_written_by_one_command(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    subprocess.run([sys.executable, "-m", "settlespec.wire.schemas", str(folder)], check=True)
    assert {path.stem: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {
        name: schema_text(name) for name in SCHEMAS
    }
