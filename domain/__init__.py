"""What is true and what is allowed. Pure: no I/O, no clock, no randomness; times and ids come in as values.

How data flows: a command is decided on a noun's state, what it decided is an event, events fold into the next state.

    command -> noun (decide) -> event -> noun (evolve) -> state --.
                                                                   >- decision -> attempt (event)
    question ------------------------------------------ policy --'       |
                                                                          v
    document, sealed in parts -> booking (views) -----------------> answer -> what an agent reads

Nouns, each with its state, its events, `evolve` and what it decides:

- `account`: what everything hangs on; folds `party`, `passcode`, `protection` and the attempts themselves
- `party`: the people on an account, and which of them the offered facts are of
- `passcode`: a secret of one party: one-time links, call-backs, what was tried
- `protection`: who is protected from whom; provisional, confirmed, lapsed
- `booking`: held view, shown view, and the split between them
- `interaction`: one contact: who is on the line, what each offered and proved
- `contact`: where a call comes from, and the delays after wrong passcodes
- `policy`: the rules in force as a complete table; `dimension`: all that a rule may depend on

What is said of travel:

- `document`: one shape for what every GDS says, and how it is taken apart, filtered and told; `item`: the things in it
- `field_class`: the eight kinds of thing, each decided by itself
- `fact`: what a caller may be identified by, in one spelling

The answer:

- `decision`: the only place that says yes: question, facts, policy and time in, a decision out
- `answer`: the document that a decision makes of the two views
- `attempt`: the event that is kept of it

Under all of them: `event` (names, versions, upcasters, personal data), `refusal` (a command against the rules).
"""
