"""The command line: `watchword`, over the same HTTP API as everybody else.

    app -> a noun's file -> connection -> client (one HTTP call) -> show (tables, or the answer's own JSON)
                                                 | what went wrong -> exits (one line on stderr, a documented code)

A file for each noun: `account`, `booking`, `split`, `protect`, `passcode`, `safe_contact`, `interaction` (with
`hand_off`, the asking in `authority`, and what goes on on it in `line`), `action`, `commitment`, `problem`,
`override`, `notice`, `access`, `hold`, `forget`, `incident`, `exhibit` (and its timeline), `rules`, `webhook`, `ask`,
`history` (with the rest of the record), `unsealing`, `policy`, `export`; for each act that is no call: `serve` (with
`greeting`, what a newcomer is told), `migrate`, `token`, `demo`, `verify`. `installation` is what those go by.
`ledger` is both: it asks the API for proofs, and makes tiles anew itself; `audit` reads the databases: `audit_verify`
holds the log against what was signed, `audit_replay` decides it again. `keys` are backed up, brought back and changed
by themselves, from the databases too.

`options` are those that many commands take, alone or in groups, `documents` tells which format a file is in, `secret`
asks for what is never an argument, `timeline` and `show` are what is printed. docs/command-line.md lists it all, and a
test holds it to this room.
"""

from service.cli.app import main

__all__ = ["main"]
