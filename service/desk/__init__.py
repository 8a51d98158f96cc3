"""The desk: commands come in, are decided on folded states, recorded, and only then answered.

    api.route -> a command (in line, safety or office)
                    | decide(reader) -> Draft: events by stream, and the answer
                 pipeline: the states read, the events sealed, one append at the versions judged on, the commit
                    | Draft, after the commit
                 -> the answer; delivering sends what goes to the customer's own channel

`desk` is what every command is carried out with; `draft` what a decision reads and would write; `submitting` the way to
the log's writer and back; `loading` folds a stream that is not in memory, `live` what is asked of the whole log;
`opened` keeps documents that were unsealed. `people` are the facts of a person, `ids` the ids in bodies, `file` is an
answer that is no JSON, `codes` what is told to somebody once so that a contact goes on elsewhere; `contacts` are ids
for new contacts, with a key each; `clock` is the time, refused where it cannot be right, and `beat` what answers leave
on that must not say anything by when they come; `repeating` is for what is decided anew whenever its idempotency key
comes again.
"""
