"""Sealing: each person's data under a key of that person's own, so that destroying the key forgets the person.

    Wrapping --wraps--> KeyRing --a subject's keys--> Codec.encode: Event -> StoredEvent (Plain becomes Sealed)
                           |                          Codec.decode: StoredEvent -> Event (still Sealed)
                           |                          Codec.open:   Kept -> the value
                        derives -> Marks: what is compared without being read (locators, contacts, facts), salts

``keyfile``  a secret file, made once, whole and for its owner alone
``wrapping``  what a master key does, wherever it is kept; ``source`` finds it
``master``   :class:`MasterKey`, the one secret of an installation that is never stored beside the data
``vault``    :class:`VaultMaster`, HashiCorp Vault's transit engine in its place
``keys``     :class:`KeyRing`, the keys of the data subjects, one after the other, in a database apart from the log
``store``    :class:`KeyStore`, the rows of wrapped keys; ``database`` its engines, and how they are scrubbed
``backup``   those rows in a file, and taken out of it again; ``rotating`` another master key for them
``decoding``  :class:`Decoder`, stored bytes to events, without any key
``codec``    :class:`Codec`, events to stored bytes and back
``shape``    which fields of an event are personal, and what a sealed value is bound to
``marks``    :class:`Marks`, keyed digests
``errors``   what can be said of a failure without saying what was in it
"""

from service.sealing.codec import Codec
from service.sealing.decoding import Decoder
from service.sealing.errors import CorruptEvent, KeyMissing, KeysUnavailable, SealBroken, SealingError, WrongMasterKey
from service.sealing.keys import KeyRing
from service.sealing.marks import Marks
from service.sealing.master import MasterKey

__all__ = [
    "Codec",
    "CorruptEvent",
    "Decoder",
    "KeyMissing",
    "KeyRing",
    "KeysUnavailable",
    "Marks",
    "MasterKey",
    "SealBroken",
    "SealingError",
    "WrongMasterKey",
]
