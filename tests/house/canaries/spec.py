"""Deliberately wrong: the type checker must flag the marked line, or it does not read the spec root."""

from settlespec.domain.errors import BadInput

BadInput(problem=1)  # flagged as arg-type
