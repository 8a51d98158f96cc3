"""Hours: the times of a week in which something may be done, by the clock on a wall in a named place.

Times are of the IANA zone that is named beside them; summer time is the zone's business. A span that ends at or before
it begins goes on past midnight, and belongs to the day it began on. What is asked about is an instant, UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
A_DAY = 24 * 60
A_WEEK = 7 * A_DAY
# In the database of zones, and no place's time: this machine's own, or clocks that count leap seconds.
_NO_PLACE = ("Factory", "localtime", "posixrules", "posix/", "right/")


class Hours(
    msgspec.Struct,
    frozen=True,
    gc=False,
    forbid_unknown_fields=True,
    omit_defaults=True,
    rename={"opens": "from", "closes": "until"},
):
    """A span of each of these days, from the first minute up to but not including the last."""

    opens: Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["09:00"])]
    closes: Annotated[str, Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["15:00"])]
    days: Annotated[tuple[Day, ...], Meta(min_length=1, max_length=7)] = DAYS

    def spans(self) -> tuple[tuple[int, int], ...]:
        """For each day the minute of the week it opens at, and how many minutes it stays open."""
        opens, closes = _minutes(self.opens), _minutes(self.closes)
        lasts = closes - opens if closes > opens else closes - opens + A_DAY
        return tuple((DAYS.index(day) * A_DAY + opens, lasts) for day in self.days)

    def covers(self, minute: int) -> bool:
        """Whether it is open in this minute of the week, 0 being Monday's first."""
        day, within = divmod(minute, A_DAY)
        opens, closes = _minutes(self.opens), _minutes(self.closes)
        if opens < closes:
            return opens <= within < closes and DAYS[day] in self.days
        return DAYS[day] in self.days if within >= opens else within < closes and DAYS[day - 1] in self.days


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def known_zone(zone: str) -> bool:
    """Whether this names a place's time in the database of zones."""
    return not zone.startswith(_NO_PLACE) and _zone(zone) is not None


def _zone(zone: str) -> tzinfo | None:
    if zone == "UTC":
        return UTC
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):  # not there, no name of a zone, or a folder of them
        return None


def minute_of_week(at: datetime, zone: str) -> int | None:
    """The minute of the week that a wall clock shows there; None where the database of zones lacks the zone."""
    there = _zone(zone)
    if there is None:
        return None
    local = at.astimezone(there)
    return local.weekday() * A_DAY + local.hour * 60 + local.minute


def open_at(hours: tuple[Hours, ...], minute: int | None) -> bool:
    """Whether one of these is open. None named: always; a time that cannot be told: never."""
    return not hours or (minute is not None and any(each.covers(minute) for each in hours))


def turning_points(hours: Iterable[Hours]) -> list[int]:
    """The minutes of the week at which one of these opens or closes, and the first: between two nothing changes."""
    spans = [span for each in hours for span in each.spans()]
    return sorted({0} | {at % A_WEEK for opens, lasts in spans for at in (opens, opens + lasts)})


def named(minute: int) -> str:
    """A minute of the week in words, "mon 14:05"."""
    day, within = divmod(minute, A_DAY)
    return f"{DAYS[day]} {within // 60:02}:{within % 60:02}"
