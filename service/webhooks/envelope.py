"""The envelope: a letter as a CloudEvent, signed as Standard Webhooks has it.

CloudEvents 1.0.2, JSON format 1.1, structured mode (HTTP binding section 3.2): the whole event is the body. Its seven
attributes are written here; the `cloudevents` library would bring four packages for them. The signature is made by the
library of its authors, `standardwebhooks`: HMAC-SHA256 of `id.timestamp.body` under the webhook's secret.
"""

from __future__ import annotations

import base64
from datetime import datetime

import msgspec
from standardwebhooks import Webhook

from projections.deliveries import Letter

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
SOURCE = "urn:watchword"
PREFIX = "whsec_"


class Told(msgspec.Struct, frozen=True):
    """What is told of an incident: which, what happened to it, by what kind of rule, and where it stands in the log."""

    incident_id: str
    kind: str
    rule: str
    position: int


class CloudEvent(msgspec.Struct, frozen=True):
    """CloudEvents 1.0.2, section 3.1: the required attributes, and those of the optional ones that say something."""

    id: str
    source: str
    specversion: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    data: Told


def secret_of(random: bytes) -> str:
    """A secret as Standard Webhooks writes one, of 24 to 64 random bytes."""
    return PREFIX + base64.b64encode(random).decode()


def body(letter: Letter) -> bytes:
    """A letter as the body that is posted. The same letter is the same bytes, whenever it is sent."""
    event = CloudEvent(
        id=str(letter.position),
        source=SOURCE,
        specversion="1.0",
        type=f"watchword.{letter.kind}",
        subject=letter.incident_id,
        time=letter.at.isoformat(),
        datacontenttype="application/json",
        data=Told(letter.incident_id, letter.kind, letter.rule_kind, letter.position),
    )
    return msgspec.json.encode(event)


def headers(secret: str, webhook_id: str, letter: Letter, content: bytes, at: datetime) -> dict[str, str]:
    """What goes with a body that is sent at this time, UTC. `webhook-id` stays the same however often it is sent."""
    message_id = f"{webhook_id}.{letter.position}"
    signature = Webhook(secret).sign(message_id, at, content.decode())
    return {
        "Content-Type": CONTENT_TYPE,
        "User-Agent": "watchword",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
