"""What the security tests stand on: the service over ASGI, and the case in it."""

from tests.case import case, service

__all__ = ["case", "service"]  # fixtures
