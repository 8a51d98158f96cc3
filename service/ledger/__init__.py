"""The ledger: a Merkle tree over the whole log, signed, published and witnessed (docs/adr/0019).

    log -> keeping (a thread of its own) -> store: tiles, checkpoints -> tree: roots, proofs -> asking -> the API
                  | note: signed               ^
                  '-> published: the file -----'      witness: third parties cosign

``ledger``     :class:`Ledger`, the thread, and what others ask of it
``keeping``    :class:`Keeper`: compares, grows, signs, publishes, in that order
``note``       checkpoints as signed notes, and who signed them
``published``  the append-only file of every checkpoint that anybody could see
``store``      the database of tiles and checkpoints; ``tree`` makes roots and proofs of it
``witness``    the client of the witness protocol
``verifying``  the whole log against its tiles and its checkpoints: what `watchword audit verify` does; ``trust`` which
               tiles a signed root leads to
``asking``     what the API answers
``errors``     what people have to look at
"""

from service.ledger.errors import Contradicted, Damaged, LedgerError
from service.ledger.ledger import Ledger
from service.ledger.note import BadNote, Checkpoint, Signer, Verifier

__all__ = ["BadNote", "Checkpoint", "Contradicted", "Damaged", "Ledger", "LedgerError", "Signer", "Verifier"]
