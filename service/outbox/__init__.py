"""The outbox: what goes to the customer's own channel, and past no member of staff.

    Message -> DirectoryOutbox: a file for each, for one machine and for trials
            -> HttpOutbox: signed, to the messaging gateway of the house -> mail, text, portal

``message``    :class:`Message`, and :class:`Outbox`, whatever delivers one
``directory``  :class:`DirectoryOutbox`
``gateway``    :class:`HttpOutbox`
``choice``     which of the two, by the settings
``endpoint``   the rules for any HTTP endpoint of somebody else's
"""

from service.outbox.choice import outbox_for
from service.outbox.directory import DirectoryOutbox
from service.outbox.gateway import HttpOutbox
from service.outbox.message import Message, Outbox, OutboxUnavailable

__all__ = ["DirectoryOutbox", "HttpOutbox", "Message", "Outbox", "OutboxUnavailable", "outbox_for"]
