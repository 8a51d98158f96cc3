"""The default policy, compiled once: every decision here is made by the real table."""

import pytest

from domain.policy import PolicyTable
from service.policies import DEFAULT_TEXT, compile_policy


@pytest.fixture(scope="session")
def table() -> PolicyTable:
    return compile_policy(DEFAULT_TEXT)
