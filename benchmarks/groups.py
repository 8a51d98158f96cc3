"""The groups of figures, in the order they are measured: which figures each yields, and where it is.

A group's module is imported when its turn comes, so that running a part costs no more than that part. It has one
function `figures(run: Run) -> Iterator[Figure]`.
"""

from __future__ import annotations

from importlib import import_module

from benchmarks.figure import Measure, Run

GROUPS: dict[str, tuple[str, ...]] = {
    "http": (
        "http.floor",
        "http.decisions.sqlite",
        "http.decisions.sqlite.p99",
        "http.decisions.postgres",
        "http.hot_account",
    ),
    "decide": ("decide",),
    "policy": ("policy.compile",),
    "replay": ("replay.sqlite", "replay.sqlite.faster_cipher"),
    "account": ("account.flat", "account.cold"),
    "pages": ("history.page.p99",),
    "notices": ("http.notices.single", "http.notices.batch"),
    "memory": ("memory.accounts",),
    "rules": ("rules.reaction.p99", "rules.try"),
    "bundle": ("bundle.make", "bundle.verify", "bundle.verify.folder"),
    "ledger": ("ledger.append", "ledger.lag.p99", "audit.verify"),
    "webhooks": ("webhooks.lost",),
    "timeline": ("timeline.pdf",),
    "replaying": ("audit.replay",),
    "faults": ("faults.sigkill", "faults.storage"),
    "indistinguishable": ("indistinguishable", "indistinguishable.us", "indistinguishable.auc"),
}


def asked_for(run: Run) -> list[str]:
    """The groups of which at least one figure was asked for."""
    return [group for group, names in GROUPS.items() if any(run.wanted(name) for name in names)]


def known(prefix: str) -> bool:
    """Whether a prefix names anything."""
    return any(name.startswith(prefix) for names in GROUPS.values() for name in (*names, "flush.p50"))


def measure(group: str) -> Measure:
    """The function that measures a group."""
    found: Measure = import_module(f"benchmarks.{group}").figures
    return found
