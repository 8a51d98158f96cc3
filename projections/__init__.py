"""Events folded into answers. Knows `domain`, and nothing of the world.

    recorded events -> folding -> states -> access -> domain.decision
                    -> history -> what an auditor reads

- `folding`: how every stream folds: its noun, its empty state, one event at a time
- `access`: live: the states of the streams in use, kept in memory with their versions
- `projection`: what folds events of some names from the whole log: the shape that lists and rules have
- `commitments`: promises and tasks that are not over; `problems`: causes that cases share; `waking`: what is due of
  both
- `triggers`: what the rules find in the log; `window`: what they remember, and for how long
- `incidents`: what came of it; `deliveries`: which of it is on its way to which webhook
- `overrides`: those that wait for an answer or a review
- `splits`: every declared split as its checks stand
- `protections`: every protection there is, and which of them somebody has to look at
- `actions`: what waits to be done, and for whom
- `telling`, `telling_safety`, `telling_office`, `telling_record`: every event in plain words; `wording`: how they say
  values
- `mentions`: where in the log something of an account happened, or a decision was made
- `concerning`: streams that say once what they are about
- `timeline`: an incident's events as entries (`entry`), whole or for one recipient; `naming`: what people are called in
  it; `redaction`: what stands in the place of what a recipient is not to have; `own`: what is a party's own
- `replaying`: the log passed once, and every decision in it made again: `past` (the states as they stood), `attempts`,
  `verdicts` (of notices, and of authority); `supposing`: by a policy that was not in force
- `merkle`: hashes, roots and proofs of a tree; `ledger`: the log as the leaves of one, and its tiles
- `history`: an account's events as entries of a page, with everything personal left sealed
- `changes`: by which fields two folded states, or two documents, differ
- `reasons`: a recorded decision in the words of whoever must act on it
- `exports`: every bundle that was asked for, and which are still to be made
- `holds`: every legal hold, and which cover somebody at an instant; `forgetting`: what of an account's record is about
  one of its people, key by key; `parties`: which account each person is on
- `unsealings`: every one that was asked for, and what became of it
"""
