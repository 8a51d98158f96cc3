"""No letter is missing or out of order, whatever befalls the receiver and the service (the benchmark, shortened)."""

from __future__ import annotations

from pathlib import Path

from benchmarks.webhooks import CONTACTS, endure


def test_every_letter_is_taken_in_order_though_the_receiver_fails_and_the_service_is_killed(tmp_path: Path) -> None:
    found = endure(tmp_path / "served", phase_s=1.0)
    assert found.letters > 2 * CONTACTS
    assert (found.missing, found.out_of_order) == (0, 0)
    assert found.taken == found.letters
