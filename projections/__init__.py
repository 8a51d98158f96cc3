"""Events folded into answers. Knows `domain`, and nothing of the world.

    recorded events -> folding -> states -> access -> domain.decision
                    -> history -> what an auditor reads

- `folding`: how every stream folds: its noun, its empty state, one event at a time
- `access`: live: the states of the streams in use, kept in memory with their versions
- `projection`: what folds events of some names from the whole log: the shape that lists and rules have
- `history`: an account's events as entries of a page, with everything personal left sealed
"""
