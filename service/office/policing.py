"""Policy administration.

Compile a text into its complete table, off the event loop and out of the process, and adopt it.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from domain import policy
from domain.policy import AdoptPolicy, PolicyState
from service.desk.desk import Desk
from service.desk.draft import POLICY, Asker, Draft, Key, Reader
from service.policies import DEFAULT_SCHEMA, compile_policy, engine


class AdoptBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy in Cedar. It is judged for every combination before it is adopted; the table is what decides."""

    text: Annotated[str, Meta(min_length=1, max_length=49152)]


class AdoptedAnswer(msgspec.Struct, frozen=True):
    """The version in force, and how many cells the adoption changed."""

    version: int
    digest: str
    changed_cells: int


class PolicyAnswer(msgspec.Struct, frozen=True):
    """The policy in force: its version and digest, and the ids of its rules."""

    version: int
    digest: str
    rules: tuple[str, ...]


async def adopt_policy(desk: Desk, asker: Asker, body: AdoptBody, key: Key | None) -> Draft[AdoptedAnswer]:
    """Adopt a policy. Raises PolicyRejected with every reason against it."""
    table = await desk.pipeline.threaded(lambda: compile_policy(body.text))

    def decide(reader: Reader) -> Draft[AdoptedAnswer]:
        state = reader.policy()
        adopted = policy.decide(state, AdoptPolicy(body.text, DEFAULT_SCHEMA, engine(), table))
        version = state.version + len(adopted)
        changed = len(policy.compare(state.table, table))
        return Draft(
            AdoptedAnswer(version, table.digest, changed), [(POLICY, each) for each in adopted], policy=version
        )

    return await desk.pipeline.carry_out(asker, decide, key=key)


async def read_policy(desk: Desk, asker: Asker) -> PolicyAnswer:
    """The policy in force."""

    def read(reader: Reader) -> Draft[PolicyState]:
        return Draft(reader.policy(), [])

    state = (await desk.pipeline.carry_out(asker, read)).answer
    return PolicyAnswer(state.version, state.table.digest, state.table.rule_ids)
