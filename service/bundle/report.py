"""What a verification found, in words: what was checked, and what nobody could check with what is there."""

from __future__ import annotations

import msgspec

from service.bundle.custody import Custody


class Verified(msgspec.Struct, frozen=True):
    """A bundle that holds. `trusted`: whether its key was given from outside, so that its origin was checked too.

    `stamped_at`: what its timestamp says, UTC, "" where there is none; `seal_sha256` identifies the whole bundle.
    """

    name: str
    trusted: bool
    custody: Custody
    files: int
    stamped_at: str
    seal_sha256: str
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]


FILES = "All {files} files are there, none was added, and none has changed since the bundle was sealed."
SEAL = "The seal is signed by the key {name} (SHA-256 {sha256})."
EVENTS = (
    "Each of the {events} events is, unaltered and in its place, one of the {size} in the ledger whose checkpoint the "
    "same key signs."
)
READINGS = "Every reading of an event says what is stored of it, no more and no less."
CUSTODY = "The chain of custody is that of the record: who exported it, when, which incident and for what purpose."
UNSEALING = "So is the unsealing: who asked for it, and that another person approved it."
TIMELINES = (
    "Each of the {told} entries of the timeline, and each of the {sketched} lines for Timesketch, is of an event in "
    "the bundle, with its name and its time."
)
PUBLIC = (
    "{covered} of the events were on record already when the house published its checkpoint of {size} events, which is "
    "the beginning of the same ledger."
)
TRUSTED = "The key is the one that was given: the bundle was sealed by whoever holds it."
STAMPED = "The authority whose certificates were given says that all this was there at {at}."
STAMPED_BY_ITSELF = "The timestamp of {at} is over this manifest, and signed under the certificate in the bundle."

NOT_TRUSTED = (
    "Where it comes from: the key was taken from the bundle itself, which shows that nothing was changed since it was "
    "sealed, and not who sealed it. Compare the key's SHA-256 with one from another source, or give --key."
)
NO_STAMP = "When it was made, by anybody else's word: there is no timestamp in it."
STAMP_NOT_TRUSTED = (
    "Whether that certificate is the authority's ({authority}): it was taken from the bundle itself. Give --tsa-ca."
)
STAMP_NOT_SIGNED = "By whom the timestamp of {at} is signed: give --tsa-ca with the authority's certificates."
WITNESSES = "{others} signatures of others on the checkpoints (witnesses): their keys are not in the bundle."
WITHHELD = (
    "What {withheld} events say: the bundle is redacted for its recipient, and has their hashes alone. Whoever is "
    "shown one later can check that it is the one whose hash stands here; until then what the timeline tells of it "
    "rests on the seal."
)
BEYOND = (
    "What sealed data says. It stands here encrypted; what a timeline shows of it, unsealed, rests on the seal.",
    "That the PDF reads as the timeline does: it is covered by the seal; compare it entry by entry.",
    "For whom and why, in words: on record that is sealed, so it rests on the seal.",
    "That nothing else on record has to do with the incident: the ledger proves what is here.",
    "That what was put on record was true when it was: the ledger shows that it was not changed afterwards.",
)
