"""Calls about the ledger: checkpoints and hash tiles for anybody, entries and proofs for who reads the record."""

from __future__ import annotations

from service.api.route import Call
from service.ledger import asking

TEXT, BYTES = "text/plain; charset=utf-8", "application/octet-stream"

CALLS: tuple[Call, ...] = (
    Call(
        "read_checkpoint", "GET", "/v1/log/checkpoint", "Read the public checkpoint", "ledger",
        str, asking.checkpoint, media=TEXT, problems=(503,),
    ),
    Call(
        "read_log_key", "GET", "/v1/log/key", "Read the key that checkpoints verify by", "ledger",
        str, asking.key, media=TEXT,
    ),
    Call(
        "read_entries", "GET", "/v1/log/tile/entries/{number}", "Read an entry bundle of the public tree", "ledger",
        bytes, asking.entries, media=BYTES, rest="number",
    ),
    Call(
        "read_tile", "GET", "/v1/log/tile/{level}/{number}", "Read a hash tile of the public tree", "ledger",
        bytes, asking.tile, media=BYTES, rest="number", problems=(503,),
    ),
    Call(
        "read_current_checkpoint", "GET", "/v1/log/current/checkpoint", "Read the newest checkpoint", "ledger",
        str, asking.current_checkpoint, media=TEXT,
    ),
    Call(
        "read_current_entries", "GET", "/v1/log/current/tile/entries/{number}", "Read an entry bundle", "ledger",
        bytes, asking.current_entries, media=BYTES, rest="number",
    ),
    Call(
        "read_current_tile", "GET", "/v1/log/current/tile/{level}/{number}", "Read a hash tile", "ledger",
        bytes, asking.current_tile, media=BYTES, rest="number",
    ),
    Call(
        "read_proof", "GET", "/v1/log/proofs/{position}", "Read the proof that an event is in the log", "ledger",
        str, asking.proof, query=asking.Which, media=TEXT,
    ),
    Call(
        "read_consistency", "GET", "/v1/log/consistency", "Read the proof that the log only grew", "ledger",
        asking.ConsistencyAnswer, asking.consistency, query=asking.Sizes,
    ),
    Call(
        "list_witnesses", "GET", "/v1/log/witnesses", "List who cosigns the public checkpoint", "ledger",
        asking.WitnessesAnswer, asking.witnesses,
    ),
)  # fmt: skip
