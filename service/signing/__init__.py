"""Signing: what a person answers for is signed by the installation, so that anybody can see later that it was so.

    the root secret --derives, for one purpose--> SigningKey -> sign: bytes -> signature (hex)
                                                       -> verify
                                                       -> public: the JSON Web Key that anybody verifies with

``key``  :class:`SigningKey`
"""

from service.signing.key import SigningKey

__all__ = ["SigningKey"]
