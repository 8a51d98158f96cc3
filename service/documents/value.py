"""Value: dates, places and codes as GDSs write them, checked and brought to the spelling of the booking model.

Each function takes the place it reads at, so that a refusal can name it; none repeats the value it refuses.
"""

from __future__ import annotations

import re
from datetime import datetime

from service.documents.rejection import DocumentRejected

__all__ = [
    "amount",
    "birth_date",
    "carrier",
    "currency",
    "gds_date",
    "gds_moment",
    "local_time",
    "locator",
    "place_code",
    "plain_text",
]

_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: f"{number:02}" for number, name in enumerate(_MONTH_NAMES, 1)}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def plain_text(place: str, text: str, most: int = 4096) -> str:
    """Give text without blanks around it. Raises DocumentRejected for characters that are not text, and for length."""
    if _CONTROL.search(text):
        raise DocumentRejected(place, "there is a character in it that is not text", "remove control characters")
    plain = text.strip()
    if len(plain) > most:
        raise DocumentRejected(place, f"it is longer than {most} characters")
    return plain


def _code(place: str, text: str, pattern: str, what: str) -> str:
    code = plain_text(place, text).upper()
    if code and not re.fullmatch(pattern, code):
        raise DocumentRejected(place, f"it is not {what}")
    return code


def place_code(place: str, text: str) -> str:
    """Give an IATA airport or city code, or nothing for nothing."""
    return _code(place, text, "[A-Z]{3}", "an IATA code of three letters")


def carrier(place: str, text: str) -> str:
    """Give an airline designator, or nothing for nothing."""
    return _code(place, text, "[A-Z0-9]{2,3}", "an airline designator of two or three characters")


def currency(place: str, text: str) -> str:
    """Give an ISO 4217 code, or nothing for nothing."""
    return _code(place, text, "[A-Z]{3}", "an ISO 4217 code of three letters")


def locator(place: str, text: str) -> str:
    """Give a record locator, or nothing for nothing."""
    return _code(place, text, "[A-Z0-9]{1,32}", "a locator of letters and digits")


def amount(place: str, text: str) -> str:
    """Give a decimal amount, or nothing for nothing."""
    return _code(place, text, r"-?[0-9]{1,15}(\.[0-9]{1,6})?", "a decimal amount")


def gds_date(place: str, text: str) -> str:
    """Turn `DDMMYY` into ISO 8601. A GDS holds no travel of another century than ours."""
    text = plain_text(place, text)
    if not text:
        return ""
    found = _calendar(f"20{text[4:]}", text[2:4], text[:2]) if re.fullmatch("[0-9]{6}", text) else ""
    if not found:
        raise DocumentRejected(place, "it is not a date", "dates are written DDMMYY")
    return found


def gds_moment(date_place: str, date_text: str, time_place: str, time_text: str) -> str:
    """Put `DDMMYY` and `HHMM` together: a local date and time, or the date alone if no time is given."""
    day = gds_date(date_place, date_text)
    time = plain_text(time_place, time_text)
    if not day or not time:
        return day
    match = re.fullmatch("([0-9]{2})([0-9]{2})", time)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:  # noqa: PLR2004 - a clock
        raise DocumentRejected(time_place, "it is not a time of day", "times are written HHMM")
    return f"{day}T{match[1]}:{match[2]}"


def local_time(place: str, text: str) -> str:
    """Check an ISO 8601 local date or date and time; whole minutes lose their seconds. An offset is refused."""
    text = plain_text(place, text)
    if not text:
        return ""
    shape = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T([0-9]{2}:[0-9]{2})(:[0-9]{2})?)?", text)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        shape = None
    if not shape:
        raise DocumentRejected(place, "it is not a local date and time", "write YYYY-MM-DDTHH:MM, without an offset")
    return text.removesuffix(":00") if shape[3] else text


def birth_date(text: str, last_year: int) -> str:
    """Read a date of birth: `DDMMYYYY`, `DDMMMYYYY`, `DDMMMYY` or ISO 8601; `""` if it is none of them.

    A year of two digits is the last one not after `last_year` (0: unknown, such a date is not read): nobody was born
    after the booking.
    """
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    if match:
        return _calendar(match[1], match[2], match[3])
    match = re.fullmatch(r"([0-9]{2})([0-9]{2}|[A-Z]{3})([0-9]{4}|[0-9]{2})", text.upper())
    if not match:
        return ""
    year = match[3]
    if len(year) == 2:  # noqa: PLR2004 - digits
        if not last_year:
            return ""
        century = last_year // 100 if int(year) <= last_year % 100 else last_year // 100 - 1
        year = f"{century}{year}"
    return _calendar(year, _MONTHS.get(match[2], match[2]), match[1])


def _calendar(year: str, month: str, day: str) -> str:
    try:
        return datetime(int(year), int(month), int(day)).date().isoformat()  # noqa: DTZ001 - a date has no zone
    except ValueError:
        return ""
