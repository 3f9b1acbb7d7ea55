"""What the bump's tests share: the independent reader that the bench uses too."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ORACLE = Path(__file__).resolve().parent / "oracle.py"


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """`oracle.py`, which reads values with nothing of the bump."""
    name = "bump_oracle"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ORACLE)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
