"""Everything that touches the world.

    a request -> api -> line, safety, office -> desk -> (domain decides) -> sealing -> log -> the answer
                          |-> passcodes, documents, policies, authority, outbox
    the log -> ledger -> checkpoints, proofs -> anybody
    the log -> following -> incidents -> webhooks
            -> record, timeline, bundle -> what auditors, lawyers and the police read

`settings` reads the environment, `composition` makes the parts and puts them together, `server` puts the whole on a
socket, `logs` writes what operations may read, `tokens` knows who asks, `chance` gives random bytes, `signing` signs
what a person answers for, `cli` and `demo` are clients of the API like any other.
"""
