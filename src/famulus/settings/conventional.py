"""The names of settings that other tools agree on."""

import os
from typing import Any

from dotenv import dotenv_values
from pydantic_settings import PydanticBaseSettingsSource

CONVENTIONAL = {
    "OPENAI_API_KEY": ("model", "api_key"),
    "OPENAI_BASE_URL": ("model", "base_url"),
    "OPENAI_MODEL": ("model", "name"),
    "DATABASE_URL": ("database", "url"),
    "REDIS_URL": ("redis", "url"),
}


class ConventionalNames(PydanticBaseSettingsSource):
    """The names that other tools agree on, from the environment and `.env`."""

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        raise NotImplementedError

    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        values = {**dotenv_values(".env"), **os.environ}
        for variable, (section, name) in CONVENTIONAL.items():
            if value := values.get(variable):
                found.setdefault(section, {})[name] = value
        return found
