"""Passcodes as secrets: how one is chosen well, made up, brought to the form it is spoken in, and hashed.

    chosen by the customer -> rules.check -> reason or None
    nobody chose           -> passphrases.generate        } -> PasscodeHasher.digest -> sealed by the codec
    said on the phone      ---------------------------------> PasscodeHasher.digest -> PasscodeHasher.match

``spoken``       one form for whatever is heard alike
``rules``        length and blocklist (NIST SP 800-63B-4 section 3.1.1.2), with a reason on rejection
``passphrases``  words drawn at random, easy to read out
``hashing``      :class:`PasscodeHasher`, Argon2id off the event loop
"""

from service.passcodes.hashing import Overloaded, PasscodeHasher
from service.passcodes.passphrases import generate
from service.passcodes.rules import check

__all__ = ["Overloaded", "PasscodeHasher", "check", "generate"]
