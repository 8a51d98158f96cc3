"""Safety: who is protected, what is shown in the place of the truth, and every way past it that is on record.

    protecting -> reviewing -> ending -> releasing; safe_contacts and proving: at whose word
    splitting (what is shown, and its leaks) -> living (what becomes of it), refreshing (what the source says now)
    overriding: break-glass; noticing: what goes out by itself; accessing: what somebody is told of himself
    choosing: the customer's own passcode, by his own link

Each is a command of `service.desk`.
"""
