"""Webhooks: other systems are told of incidents, each in order, until they have taken it.

    follower -> projections.deliveries -> delivering -> envelope (CloudEvents, signed) -> sending -> their receiver
                                              | letter.delivered, letter.died
                                           the log

``delivering``  :class:`Delivering`: who is due what, one letter of an incident after the other, retried
``envelope``    a letter as a CloudEvent, and the headers that sign it
``sending``     one POST: to which hosts, in what time, and what counts as taken
"""
