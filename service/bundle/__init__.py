"""The evidence bundle: an incident as a bag that leaves the building, and that anybody can check without us.

Made::

    asking -> the record: asked -> planning -> making: events with their proofs, timelines, facts, timestamp, archive
                                      each a piece of ``pieces``: on disk, whole, and on record with its digest
    workshop: the folder, and how long, and whose timestamps
    exporting: a task of every replica that makes what was asked for, and goes on with what was broken off
    keeping: how long it stays, and what goes when somebody is forgotten

Checked, with nothing but the bag (docs/adr/0023)::

    source -> verify: whole (seal, manifests, digests) -> recorded (events, proof, checkpoint) -> told -> stamped
           '-> a ``fault`` that names its file, or a ``report``

``layout``     what lies where under ``data/``; ``bag`` the tag files around it (RFC 8493), and what is sealed
``composing``  which files there are of an event, of the facts; the archive of them all
``archive``    one file, a ZIP in which no byte is free
``readable``   an event for people, made of its stored bytes
``custody``    who exported what for whom; ``readme`` and ``certificate``, which people read
``note``       signed notes, and verifier keys
"""
