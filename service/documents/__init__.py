"""Documents: what a GDS says about a booking, in its own words, onto the one booking model of `domain.document`.

How a document goes through the room::

    formats.read -> amadeus, travelport   (markup: XML, defensively) -> amadeus_element, travelport_air
                 -> amadeus_order, duffel (record: JSON, with pointers)
                 -> watchword             (our own JSON)
                 each by way of value (dates, codes) and draft (items, limits) -> watchword.conform -> BookingDocument

A document that cannot be read is a `DocumentRejected` (rejection), which names the place and never repeats a value.
What an importer cannot place becomes a note (class N) by its path: nothing slips into a class that more may hear.
`request` reads what the older GDSs request of airlines in the same words, `travelport_value` how uAPI writes values.
`schema` describes our own JSON to others.
"""

from service.documents.formats import FORMATS, read
from service.documents.rejection import DocumentRejected, Limits

__all__ = ["FORMATS", "DocumentRejected", "Limits", "read"]
