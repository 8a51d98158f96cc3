"""Policies: Cedar in, the complete table out.

`default.cedar` (the rules) and `schema.cedarschema` (all that a rule may depend on) go into `compile.py`, which hands
them to `judge.py`, a program of its own that alone runs Cedar's engine, and builds a `domain.policy.PolicyTable` from
its answers. Adopting the table is the domain's: `domain.policy.decide`. Nothing here is on the path of a disclosure.
"""

from service.policies.compile import DEFAULT_SCHEMA, DEFAULT_TEXT, compile_policy, engine

__all__ = ["DEFAULT_SCHEMA", "DEFAULT_TEXT", "compile_policy", "engine"]
