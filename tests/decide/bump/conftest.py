"""What the bump's tests share: the independent reader that the bench uses too, and short ways to say an edit."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[3] / "bench" / "bump.py"


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """`bench/bump.py`: reads values with PyYAML's events alone, so that the bump does not judge itself."""
    name = "lockstep_bench_bump"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, BENCH)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
