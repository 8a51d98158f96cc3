"""The line: one contact, the people on it, what they ask for, and where it goes.

    interacting (opened, bound, joined, left, closed) -> requesting, verifying (passcodes), calling_back, consenting
         -> disclosing (asked), dialling (who may be put on the line), acting (to be done)
         -> authorising, signalling, escalating: what this tier may do, health or safety, who claims an office
         -> disputing: the caller says that it is wrong, the agent that he told too much
         -> routing, transferring, resuming: whose it is, to somebody else, and back after it dropped

Each is a command of `service.desk`, answered alike whatever the account is.
"""
