"""What the API tests stand on: the service over ASGI, and a case in it."""

from tests.case import case, prepared_postgres, service, stores

__all__ = ["case", "prepared_postgres", "service", "stores"]  # fixtures
