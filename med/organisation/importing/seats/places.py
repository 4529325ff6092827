"""The columns of a file of seats, and what a row of it means."""

from datetime import date

from msgspec import Struct

from med.access import SeatRole, Side
from med.language import T
from med.organisation.importing.people import handle
from med.organisation.models import ElectoralGroup, RepRole
from med.tables import Column, choice, day, text

SIDES = {
    "ledelse": Side.MANAGEMENT,
    "ledelsessiden": Side.MANAGEMENT,
    "leder": Side.MANAGEMENT,
    "medarbejder": Side.EMPLOYEE,
    "medarbejdere": Side.EMPLOYEE,
    "medarbejdersiden": Side.EMPLOYEE,
}
ROLES = {
    "formand": SeatRole.CHAIR,
    "næstformand": SeatRole.VICE_CHAIR,
    "medlem": SeatRole.MEMBER,
    "suppleant": SeatRole.SUBSTITUTE,
    "stedfortræder": SeatRole.SUBSTITUTE,
    "tilforordnet": SeatRole.ADVISORY,
}
REP_ROLES = {
    "TR": RepRole.TR,
    "tillidsrepræsentant": RepRole.TR,
    "FTR": RepRole.FTR,
    "fællestillidsrepræsentant": RepRole.FTR,
    "AMR": RepRole.AMR,
    "arbejdsmiljørepræsentant": RepRole.AMR,
    "arbejdsmiljøleder": RepRole.AM_LEADER,
}
GROUPS = {letter: ElectoralGroup(letter) for letter in "ABC"} | {
    f"valggruppe {letter}": ElectoralGroup(letter) for letter in "ABC"
}
ENDS = ("Til", "Slutdato", "Sidste dag", "To")
REP_ROLE = ("Hverv", "Valgt som", "Repræsentant", "Representative role")
GROUP = ("Valggruppe", "Gruppe", "Electoral group")
COLUMNS = [
    Column("Udvalg", ("Udvalgsnøgle", "Udvalgs-id", "Committee"), parse=text(120), key="committee"),
    Column("Brugernavn", ("Bruger-id", "Login", "Initialer", "Username"), parse=handle, key="handle"),
    Column("Rolle", ("Plads", "Role"), parse=choice(ROLES), key="role"),
    Column("Side", ("Part",), False, choice(SIDES), "side"),
    Column(REP_ROLE[0], REP_ROLE[1:], False, choice(REP_ROLES), "rep_role"),
    Column(GROUP[0], GROUP[1:], False, choice(GROUPS), "electoral_group"),
    Column("Suppleant for", ("Stedfortræder for", "Substitute for"), False, handle, "substitute_for"),
    Column("Fra", ("Startdato", "From"), False, day(), "starts"),
    Column(ENDS[0], ENDS[1:], False, day(), "ends"),
]
WORDS = {
    "role": T("rolle"),
    "side": T("side"),
    "substitute_for": T("suppleant for"),
    "rep_role": T("hverv"),
    "electoral_group": T("valggruppe"),
    "starts": T("fra"),
    "ends": T("til"),
}
PLACE = ("role", "side", "substitute_for")  # what makes it another seat


class Place(Struct):
    """A seat as it is or as it will be. `substitute_for` is a person's id until the seats are written."""

    committee_id: int
    person_id: int
    side: Side | None
    role: SeatRole
    rep_role: RepRole | None
    electoral_group: ElectoralGroup | None
    substitute_for: int | None
    starts: date
    ends: date | None
    id: int = 0
    row: int = 0  # the row that makes or changes it
    same_row: int = 0  # the row that says it is as it is

    def lasts(self, today: date) -> bool:
        return self.ends is None or self.ends >= today


class Work(Struct):
    new: list[Place] = []
    changed: list[Place] = []
    ended: list[Place] = []
    never_begun: list[Place] = []
    happened: dict[int, tuple[str, list[str]]] = {}  # of seats that are there already
