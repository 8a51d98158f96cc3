"""Following: what happens by itself because something is in the log, whoever wrote it and whatever restarts.

    log -> follower (a thread of its own) -> projections.triggers -> findings -> opening -> incidents, warnings
                                          -> letters                          -> service.webhooks

``follower``  :class:`Follower`, which reads the log, starts anew after a fault, and parks what it cannot judge
``judging``   the same log read by rules that are only tried: what they would have opened
``opening``   findings into incidents, opened or joined, with the task to warn
``schema``    the published JSON Schema of a rule book
``mentioning``  :class:`Mentions`, the record's index, by which an account's history and a decision are found
``priming``   what a follower must remember of what came before the place it goes on from
"""
