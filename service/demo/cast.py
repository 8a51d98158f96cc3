"""The cast: the people of the stories. All are invented; their telephone numbers belong to nobody."""

from __future__ import annotations

import msgspec


class Staff(msgspec.Struct, frozen=True):
    """Somebody, or some system, with a token."""

    sub: str
    role: str
    tier: int = 0
    site: str = ""
    team: str = ""

    def __str__(self) -> str:
        """As the narration names them."""
        return f"{self.sub}{f', tier {self.tier}' if self.tier else ''}{f', {self.site}' if self.site else ''}"


class Customer(msgspec.Struct, frozen=True):
    """A customer: what the account knows of her or him, and where the calls come from."""

    surname: str
    given_name: str
    date_of_birth: str
    email: str
    phone: str

    def facts(self) -> dict[str, str]:
        """Everything that is known."""
        return msgspec.structs.asdict(self)

    def named(self) -> dict[str, str]:
        """What somebody says who gives a name and a date of birth."""
        return {"surname": self.surname, "given_name": self.given_name, "date_of_birth": self.date_of_birth}


OFFICE = Staff("office-1", "back_office")
SUPERVISOR = Staff("agent-3", "agent", 1, "lisbon")
SAFETY = (Staff("safety-1", "agent", 3, "lisbon"), Staff("safety-2", "agent", 3, "lisbon"))
MANILA = Staff("agent-7", "agent", 1, "manila")
SOFIA = Staff("agent-12", "agent", 1, "sofia")
WEBSITE = Staff("website", "portal")
AUDITOR = Staff("auditor-1", "auditor")

ALMA = Customer("Grey", "Alma", "1988-04-12", "alma.grey@example.org", "+447700900123")
VICTOR = Customer("Hale", "Victor", "1981-09-30", "victor.hale@example.org", "+447700900666")
SAFE_PHONE = "+447700900999"
HOTEL_PHONE = "+447700900444"
