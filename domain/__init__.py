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
- `protection`: who is protected from whom; provisional, confirmed, lapsed. `review`: what people find of a claim, and
  when they look again; `safe_contact`: the one place that is written to, and how it changes; `ending`: how it ends;
  `release`: what opens afterwards, at whose word
- `booking`: held view, shown view, and how fresh both are
- `split`: the declared difference between the two, and every way the truth could still get out of it
- `living`: what became of the views since; `flight`: what becomes public of a booking's own flights
- `interaction`: one contact: who is on the line, what each offered and proved; `listener`: what comes of a binding
- `consent`: what a verified party lets another listener hear; `mistake`: somebody says that he told too much
- `action`: what is asked to be done: what it takes, by when it is seen to, and by whom
- `hand_off`: the codes by which a contact goes on with somebody else, or again after it dropped
- `evidence`: what goes along then: what was offered and proved, never what was decided by it; and what still counts
- `commitment`: a promise with an owner and a due time; what breaks it, and what keeps it; `acceptance`: who
  sees one, and who says that the answer will do
- `override`: break-glass: asked, approved by another, expired, reviewed; `standing_in`: how it widens an answer
- `access_request`: what somebody asks to be told of themselves, and what stays out of that
- `notice`: what may go to a customer who is not there to prove anything
- `problem`: a cause that cases share: its victims, and the escalations that were ignored
- `rule`: what in the log opens an incident; `incident`: attempts and acts gathered for people to answer for
- `reader`: what somebody looked up of what was decided; `auditing`: what somebody had decided again
- `unsealing`: what is personal in the record, opened to one reader for an hour, at a second person's word
- `export`: the record of an incident, carried out of the building; which pieces of it are made
- `hold`: legal holds: who is not forgotten while one stands; `forgetting`: a person's keys destroyed, and what stops it
- `exhibit`: pins, tags, comments and exhibit numbers on the entries of an incident's timeline
- `ledger`: who read the record as it is stored
- `webhook`: other systems that are told of incidents; `follower`: what follows the log, and parks what it cannot judge
- `contact`: where a call comes from, and the delays after wrong passcodes
- `authority`: which tier may do what now: `grant` (the document it is adopted as), `hours`, and what `clearance` a
  contact has: a `confirmation` from outside, a `judgement`
- `safety_signal`: health or safety: acted on or passed on, never refused; `escalation`: somebody claims an office
- `policy`: the rules in force as a complete table; `dimension`: all that a rule may depend on

What is said of travel:

- `document`: one shape for what every GDS says, and how it is taken apart, filtered and told; `item`: the things in it
- `difference`: by what paths two documents differ, never a value
- `field_class`: the eight kinds of thing, each decided by itself
- `fact`: what a caller may be identified by, in one spelling

The answer:

- `decision`: the only place that says yes: question, facts, policy and time in, a decision out; `hearing`: where one
  listener stands, and what he may have
- `answer`: the document that a decision makes of the two views
- `judging`: each kind of question as it is put to the decision; `attempt`: the event that is kept of it

Under all of them: `event` (names, versions, upcasters, personal data), `refusal` (a command against the rules).
"""
