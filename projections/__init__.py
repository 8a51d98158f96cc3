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
- `history`: an account's events as entries of a page, with everything personal left sealed
"""
