"""The case that faults befall."""

from tests.case import case, service

__all__ = ["case", "service"]
