"""The record: what happened and why, for those who answer for it later, and what of it is held or forgotten.

    the log -> its index (`following.mentioning`) -> history (what happened), differing (what changed between two
               moments, and what was shown beside what was held), decisions (why)
            -> replaying (one decision made again); auditing: all of them, in shares, each a share of the log
    approving (an unsealing, by a second person) -> unsealing (its use) -> opener: what of all that it opens
    holding (legal holds), planning -> forgetting (a person) -> heeding: every process does -> finishing
    restoring: keys kept and brought back

Everything personal stays sealed but for who has an unsealing, and reading is itself on record. Each is a command of
`service.desk`, but for `auditing` and `restoring`, which are the command line's. `moment` finds where in the log an
instant is.
"""
