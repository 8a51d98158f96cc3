"""Timelines: an incident told in one reading, in the formats in which it leaves the house.

    log, opener -> gathering -> projections.timeline -> Timeline -> reading: GET /v1/incidents/{id}/timeline, recorded
                                                            |-> timesketch: JSONL and CSV that Timesketch imports
                                                            '-> drawing (a process of its own) -> pdf
    exhibits: pins, tags, comments and exhibit numbers; anchor: the ledger's root that a timeline is held against

`gathering.gathered` makes the timeline for a recipient; whoever calls it records who got it. Nothing is imported here:
the process that draws needs no more than `pdf`.
"""
