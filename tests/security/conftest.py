"""What the security tests stand on: the service over ASGI, and the case in it."""

from tests.case import case, prepared_postgres, service, stores

__all__ = ["case", "prepared_postgres", "service", "stores"]  # fixtures
