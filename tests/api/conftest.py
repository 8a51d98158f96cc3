"""What the API tests stand on: the service over ASGI, and a case in it."""

from tests.case import case, service

__all__ = ["case", "service"]  # fixtures
