"""The README of a bundle: what it is, how to check it, with our program or with others', and what it does not show."""

from __future__ import annotations

from service.bundle.custody import Custody

_WITHHELD = """
THIS COPY IS REDACTED. It was made for: {recipient}. Of {withheld} events it
holds the hash (a file *.leaf) and not the content. If you are shown such an
event later, its hash tells you that it is the one that was on record.
"""
_OPENED = """
PERSONAL DATA. The timeline shows data that is sealed (encrypted) on record. It
was opened under unsealing
{unsealing_id},
for: {purpose};
asked for by {asked_by}, approved by another person, {approved_by}.
Treat this bundle accordingly.
"""
_SEALED = """
PERSONAL DATA. None was opened for this bundle. Where a record holds any, it
stands here encrypted, and the key is not in the bundle. Names of customers,
itineraries and addresses are therefore not to be read in it. It is evidence all
the same, of who did what, when and by which rule.
"""
_STAMPED = """
  5. When it was made (timestamp.tsr, RFC 3161). An authority that has nothing to
     do with us signed the hash of manifest-sha256.txt with the time:

         openssl ts -verify -data manifest-sha256.txt -in timestamp.tsr \\
                 -CAfile AUTHORITY.pem

     AUTHORITY.pem is the authority's own certificate. A copy is in
     data/authority.pem; better is one that you had from the authority.
"""
_TEXT = """\
EVIDENCE BUNDLE {export_id}
about incident {incident_id}

WHAT THIS IS

This folder is a copy of records about one incident, taken from a system called
Watchword. Watchword decides what a caller may be told about a customer's
account, and writes down every such decision, and every act on the account,
before any answer leaves it. It was put together so that anybody can check,
without us and without our programs, that nothing in it was changed.

For whom:     {for_whom}
Why:          {purpose}; {words}
Exported by:  {who}
On:           {when} UTC
Events:       {events}, between positions {first} and {last} of the log
{personal}{redacted}
WHERE TO BEGIN

  data/timeline.pdf       the incident in order, for reading and for the court
                          file. Begin here.
  data/custody.json       who exported this, for whom, when and why
  data/certificate.txt    a certificate for Rule 902(13)/(14) of the US Federal
                          Rules of Evidence, to be completed and signed
  data/timeline.json      the same timeline for programs
  data/timesketch.jsonl   the same for Timesketch, a tool of investigators
  data/events/            every event: N.json to be read, N.entry exactly as it
                          is on record, N.tlog-proof the proof that it is
  data/checkpoint.txt     the state of the whole record when this was made,
                          signed
  data/public-checkpoint.txt, data/consistency.txt   where there is one: the state
                          that was last published, which others may have signed
                          too, and the proof that the record only grew since
  data/key.txt            the public key of those signatures

HOW TO CHECK IT

With our program, which needs no network and no access to us:

    watchword verify FOLDER --key KEY.txt

KEY.txt is the key as you had it from somebody other than whoever gave you this
bundle: an earlier bundle, the house's published key, a witness. Its SHA-256 is

    {key_sha256}

Without --key the program takes the key from the bundle. It then shows that
nothing was changed since the bundle was sealed, and not who sealed it.

With other people's programs:

  1. Every file is there and unchanged (BagIt 1.0, RFC 8493):

         pip install bagit && bagit.py --validate FOLDER

     or, in FOLDER, with what Linux and macOS have:

         sha256sum --check manifest-sha256.txt
         sha256sum --check tagmanifest-sha256.txt

  2. The list of files is itself sealed. tagmanifest.note says the hashes of the
     two tag manifests, and is signed (C2SP signed-note, Ed25519) by the key in
     data/key.txt. Any tool for signed notes checks it, such as the Go package
     golang.org/x/mod/sumdb/note. The hashes in it must be those of

         sha256sum tagmanifest-sha256.txt
         sha512sum tagmanifest-sha512.txt

  3. Every event is in the record (C2SP tlog-proof, tlog-checkpoint; RFC 6962).
     The hash of an event is SHA-256 over a zero byte and the file N.entry:

         (printf '\\0'; cat N.entry) | sha256sum

     From it the hashes in N.tlog-proof lead to the root in data/checkpoint.txt.
     Any tool for C2SP tlog-proof checks it.

  4. The reading of an event is that of its record. N.entry ends with the JSON
     that is stored; N.json is the same JSON laid out, in which each encrypted
     value is replaced by whose it is. (Where an event is too long, N.entry ends
     with the SHA-256 of the file N.state instead.)
{stamped}
WHAT IT SHOWS, AND WHAT IT DOES NOT

It shows that these events were on record when the checkpoint was signed, in
this order, and have not been changed, moved or put in between since. If the key
is the house's, it shows that the house's system sealed this bundle.

It does not show that what was recorded was true when it was recorded. It does
not show that no other event has to do with the incident; other events of the
record can be asked for, and proved or missed in the same way. It does not prove
that opened data is what was encrypted: the keys stay with the house. And it does
not prove the PDF, beyond that it was sealed with the rest: compare what matters
with the events.
"""


def _plain(text: str) -> str:
    """What somebody typed, on one line and without what would steer a terminal."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in " ".join(text.split()))


def readme(custody: Custody, *, stamped: bool) -> bytes:
    """The README as plain text. `stamped`: whether there is a timestamp in the bundle."""
    who = custody.exported_by
    site = f", {who.site}" if who.site else ""
    opened = custody.unsealing
    personal = (
        _SEALED
        if opened is None
        else _OPENED.format(
            unsealing_id=opened.unsealing_id,
            asked_by=opened.asked_by,
            approved_by=opened.approved_by,
            purpose=opened.purpose.replace("_", " "),
        )
    )
    text = _TEXT.format(
        export_id=custody.export_id,
        incident_id=custody.incident_id,
        for_whom=_plain(custody.for_whom),
        purpose=custody.purpose.replace("_", " "),
        words=_plain(custody.words),
        who=_plain(f"{who.subject} ({who.role}{site})"),
        when=f"{custody.asked_at:%d %B %Y %H:%M:%S}",
        events=custody.events,
        first=custody.first_position,
        last=custody.last_position,
        personal=personal,
        redacted=_WITHHELD.format(recipient=custody.recipient, withheld=custody.withheld) if custody.withheld else "",
        key_sha256=custody.ledger.key_sha256,
        stamped=_STAMPED if stamped else "",
    )
    return text.encode()
