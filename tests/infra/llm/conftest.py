from tests.infra.llm.clients import client, clients

__all__ = ["client", "clients"]
