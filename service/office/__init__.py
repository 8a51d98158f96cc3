"""The office: what people away from the line set up, owe, look after and answer for.

    accounts, importing: who there is, and what the GDS holds
    committing, commitments, problems -> climbing: what was promised, and what the clock does when it is not kept
    ruling -> (service.following) -> incidents -> hooking: what opens by itself, who answers for it, who is told
    policing: the policy

Each is a command of `service.desk`; `climbing` runs by itself.
"""
