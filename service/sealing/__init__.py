"""Sealing: each person's data under a key of that person's own, so that destroying the key forgets the person.

    MasterKey --wraps--> KeyRing --a key a subject--> Codec.encode: Event -> StoredEvent (Plain becomes Sealed)
        |                   |                         Codec.decode: StoredEvent -> Event (still Sealed)
        |                   |                         Codec.open:   Kept -> the value
        +-----derives-----> Marks: what is compared without being read (locators, contacts, facts), salts, fingerprints

``keyfile``  a secret file, made once, whole and for its owner alone
``master``   :class:`MasterKey`, the one secret of an installation that is never stored beside the data
``keys``     :class:`KeyRing`, the wrapped keys of the data subjects, in a database apart from the log
``database``  its engines
``codec``    :class:`Codec`, events to stored bytes and back
``shape``    which fields of an event are personal, and what a sealed value is bound to
``marks``    :class:`Marks`, keyed digests
``errors``   what can be said of a failure without saying what was in it
"""

from service.sealing.codec import Codec
from service.sealing.errors import CorruptEvent, KeyMissing, KeysUnavailable, SealBroken, SealingError, WrongMasterKey
from service.sealing.keys import KeyRing
from service.sealing.marks import Marks
from service.sealing.master import MasterKey

__all__ = [
    "Codec",
    "CorruptEvent",
    "KeyMissing",
    "KeyRing",
    "KeysUnavailable",
    "Marks",
    "MasterKey",
    "SealBroken",
    "SealingError",
    "WrongMasterKey",
]
