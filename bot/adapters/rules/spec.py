"""The base of all pydantic models of the rules file, and the types of single values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from bot.adapters.rules import grammar, times

Value = TypeVar("Value")


class Spec(BaseModel):
    """One mapping of the rules file: unknown keys are errors, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, regex_engine="rust-regex")

    makes: ClassVar[type[Any]]
    """The frozen dataclass of `bot.model` that stands for it, with fields of the same names."""

    def made(self) -> Any:
        """The frozen value: nested models become their dataclasses, lists become tuples."""
        return self.makes(**{name: frozen(getattr(self, name)) for name in type(self).model_fields})


def frozen(value: Any) -> Any:
    """A validated value as `bot.model` holds it."""
    if isinstance(value, Spec):
        return value.made()
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    if isinstance(value, dict):
        return {key: frozen(item) for key, item in value.items()}
    return value


def text(parse: Callable[[str], Value]) -> BeforeValidator:
    """Reads a text by a grammar; anything that is not text fails as the empty text does, with its message."""

    def read(value: Any) -> Value:
        return parse(value if isinstance(value, str) else "")

    return BeforeValidator(read)


def _line(value: str) -> str:
    if not value.strip() or len(value) > 2000:
        raise ValueError("expected text (put it in quotes if it looks like a number)")
    return value


def one_or_many(value: Any) -> Any:
    """A single mapping stands for a list of one."""
    return [value] if isinstance(value, dict) else value


def also_single(schema: dict[str, Any]) -> None:
    """Tells the JSON Schema that `one_or_many` is at work."""
    schema["anyOf"] = [schema["items"], {"type": "array", "items": schema.pop("items")}]
    schema.pop("type", None)


def off_is_none(value: Any) -> Any:
    """`off`, `false` and null switch a gate off."""
    return None if value == "off" or value is False else value


def also_off(schema: dict[str, Any]) -> None:
    """Tells the JSON Schema that `off_is_none` is at work."""
    schema["anyOf"] = [*schema["anyOf"], {"enum": ["off", False]}]


def _schema(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$"})


Line = Annotated[str, text(_line)]
Percent = Annotated[float, Field(ge=0, le=100)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Duration = Annotated[
    timedelta,
    text(times.duration),
    PlainSerializer(times.duration_text, return_type=str),
    _schema(times.DURATION),
]
Period = Annotated[
    timedelta,
    text(times.period),
    PlainSerializer(times.duration_text, return_type=str),
    _schema(times.DURATION),
]
Moment = Annotated[datetime, text(times.moment), WithJsonSchema({"type": "string"})]
Clock = Annotated[time, text(times.clock), _schema("[0-9]{1,2}:[0-9]{2}")]
Weekday = Annotated[
    int,
    text(times.weekday),
    WithJsonSchema({"enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}),
]
Repository = Annotated[str, text(grammar.repository)]
Login = Annotated[str, text(grammar.login)]
Team = Annotated[str, text(grammar.team)]
Workflow = Annotated[str, text(grammar.workflow)]
BranchGlob = Annotated[str, text(grammar.branch_glob)]
ImageRepository = Annotated[str, text(grammar.image_repository)]
ComponentName = Annotated[str, text(grammar.component)]
EnvironmentName = Annotated[str, text(grammar.environment)]
RoleName = Annotated[str, text(grammar.role)]
SourceName = Annotated[str, text(grammar.source_name)]
ArtifactName = Annotated[str, text(grammar.artifact)]
RepositoryPath = Annotated[str, text(grammar.path)]
Glob = Annotated[str, text(grammar.glob)]
ValuesFilePath = Annotated[str, text(grammar.values_file)]
ValuesPath = Annotated[str, text(grammar.values_path)]
Url = Annotated[str, text(grammar.url)]
Host = Annotated[str, text(grammar.host)]
Email = Annotated[str, text(grammar.email)]
Pattern = Annotated[str, text(grammar.pattern)]
Matcher = Annotated[str, text(grammar.matcher)]
Label = Annotated[str, text(grammar.label)]
Timezone = Annotated[str, text(times.timezone)]
PublicKey = Annotated[str, text(grammar.public_key)]
OperationsLog = Annotated[str, text(grammar.operations_log)]
ReleaseLog = Annotated[str, text(grammar.release_log)]
AppId = Annotated[int, Field(ge=1)]
RepositoryId = Annotated[int, Field(ge=1, lt=2**63)]
