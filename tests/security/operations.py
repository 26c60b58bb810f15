"""What the server's own description says that can be asked of it, and which of its parameters are ids."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from fastapi import FastAPI

from famulus.apps.server import create_app
from famulus.settings import Settings

# Names that senders give to their own messages: two people may use the same.
NOT_OURS = frozenset({"client_message_id", "source_id"})


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def description(self) -> dict[str, Any]:
        found: dict[str, Any] = description()["paths"][self.path][self.method.lower()]
        return found


@dataclass(frozen=True)
class IdParameter:
    """One place in an operation where an id is expected."""

    operation: Operation
    within: str
    name: str

    @property
    def title(self) -> str:
        return f"{self.operation.name} ({self.name} in {self.within})"


@cache
def description() -> dict[str, Any]:
    """The description that `/openapi.json` shows."""
    app = create_app(Settings())._app
    assert isinstance(app, FastAPI)
    return app.openapi()


def operations() -> list[Operation]:
    return [Operation(method.upper(), path) for path, item in description()["paths"].items() for method in item]


def id_parameters() -> list[IdParameter]:
    """Every id that any operation takes: in its path, query, headers or body."""
    return [found for operation in operations() for found in _ids_of(operation)]


def body_schema(operation: Operation) -> Any:
    content = operation.description.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("schema")


def properties(schema: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every property in a schema, by its dotted path; `[]` stands for an item of a list."""
    if not isinstance(schema, dict):
        return
    if "$ref" in schema:
        schema = description()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from properties(choice, prefix)
    if "items" in schema:
        yield from properties(schema["items"], f"{prefix}[].")
    for name, inner in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield path, inner
        yield from properties(inner, path if _is_list(inner) else f"{path}.")


def _is_list(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array" or any(choice.get("type") == "array" for choice in schema.get("anyOf", ()))


def _ids_of(operation: Operation) -> Iterator[IdParameter]:
    for parameter in operation.description.get("parameters", ()):
        name = parameter["name"]
        if name.endswith("_id") or name in ("after", "Last-Event-ID"):
            yield IdParameter(operation, parameter["in"], name)
    for path, _ in properties(body_schema(operation)):
        name = path.rpartition(".")[2]
        if name.endswith("_id") and name not in NOT_OURS:
            yield IdParameter(operation, "body", path)
