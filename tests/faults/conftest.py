"""The case that faults befall."""

from tests.case import case, prepared_postgres, service, stores

__all__ = ["case", "prepared_postgres", "service", "stores"]
