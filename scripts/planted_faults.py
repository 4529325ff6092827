"""Forty faults planted in the rules, one at a time, in a copy of the tree: do the tests notice?

    python -m scripts.planted_faults                # all; some minutes
    python -m scripts.planted_faults notes decline  # those whose name holds one of the words
    python -m scripts.planted_faults --list

A fault is an exact replacement in one file. One that no longer fits the source is an error, here and in
tests/oracle/test_planted_faults.py: a rule that was reworded gets its fault reworded, too.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parents[1]
COPIED = ("med", "scripts", "templates", "tests", "benchmarks", "pyproject.toml")
NEEDED = 38

SEEING = "tests/oracle/test_clauses.py::test_seeing_in_any_world"
CAST = "tests/oracle/test_clauses.py::test_everybody_at_every_stage_of_a_meeting"
DOING = "tests/oracle/test_clauses.py::test_doing_in_any_world"
UNIT = "tests/oracle/compass/test_compass.py::test_everybody_around_a_unit"
DISCLOSING = "tests/competence_compass/test_disclosure.py"

PEOPLE, QUESTIONS = "med/organisation/access.py", "med/organisation/queries.py"
VIEWER = "med/access.py"
MEETINGS, DECISIONS = "med/meetings/access.py", "med/decisions/access.py"
COMPASS = "med/competence_compass/access.py"


@dataclass(frozen=True)
class Fault:
    """What is wrong, in words; where; the text and what stands in its place; the tests that ought to notice."""

    name: str
    path: str
    before: str
    after: str
    tests: tuple[str, ...]

    def mutated(self, root: Path) -> str:
        """The file with the fault in it. Raises ValueError when its text is not there exactly once."""
        source = (root / self.path).read_text(encoding="utf-8")
        if (times := source.count(self.before)) != 1:
            raise ValueError(f"{self.name}: its text stands {times} times in {self.path}")
        return source.replace(self.before, self.after)


FAULTS = [
    # who someone is today
    Fault("the last day of a term is lost", PEOPLE, "dated.ends >= day)", "dated.ends > day)", (CAST,)),
    Fault(
        "the first day of a term is lost", PEOPLE, "and_(dated.starts <= day,", "and_(dated.starts < day,", (SEEING,)
    ),
    Fault("a term that has ended still counts", PEOPLE, "dated.ends >= day)", "dated.ends >= dated.starts)", (CAST,)),
    Fault("a seat outlives the employment", QUESTIONS, ") if jobs else (),", "),", (DOING,)),
    Fault(
        "a secretary who has left keeps the papers",
        QUESTIONS,
        "below(db, Committee, wide)) if jobs else frozenset()",
        "below(db, Committee, wide))",
        (CAST,),
    ),
    Fault("whoever may not sign in is somebody", QUESTIONS, "if not person.is_active:", "if False:", (CAST,)),
    Fault(
        "every secretary is one for all below",
        QUESTIONS,
        "below(db, Committee, wide)",
        "below(db, Committee, secretary)",
        (CAST,),
    ),
    Fault(
        "a substitute's seat opens what is closed",
        VIEWER,
        "INSIDE = (SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER)",
        "INSIDE = (SeatRole.CHAIR, SeatRole.VICE_CHAIR, SeatRole.MEMBER, SeatRole.SUBSTITUTE)",
        (CAST,),
    ),
    Fault(
        "every member presides",
        VIEWER,
        "return self.sits_as(committee_id, SeatRole.CHAIR, SeatRole.VICE_CHAIR)",
        "return self.sits_as(committee_id, *INSIDE)",
        (CAST,),
    ),
    Fault(
        "a secretary runs every committee",
        VIEWER,
        "return self.presides(committee_id) or self.is_secretary(committee_id)",
        "return self.presides(committee_id) or bool(self.secretary_of)",
        (CAST,),
    ),
    Fault(
        "a substitute writes for the side",
        VIEWER,
        "if s.committee_id == committee_id and s.role in INSIDE)",
        "if s.committee_id == committee_id)",
        (CAST,),
    ),
    Fault(
        "the chair sets up committees under all of them",
        PEOPLE,
        "elif parent is not None and not viewer.is_secretary(parent.id):",
        "elif parent is not None and not viewer.secretary_of:",
        (CAST,),
    ),
    # meetings
    Fault("a substitute who said no is let in", MEETINGS, ", Attendance.reply != Reply.DECLINED\n", "\n", (CAST,)),
    Fault("an observer is let in like a substitute", MEETINGS, "Attendance.part == Part.SUBSTITUTE, ", "", (CAST,)),
    Fault(
        "closed points are read by all",
        MEETINGS,
        "and_(Item.is_open, or_(_at_meeting(shown), _told(viewer)))",
        "or_(_at_meeting(shown), _told(viewer))",
        (CAST,),
    ),
    Fault(
        "a cancelled meeting's draft stays open",
        MEETINGS,
        "and_(Meeting.draft_shown, Meeting.state != State.CANCELLED)",
        "Meeting.draft_shown",
        (CAST,),
    ),
    Fault(
        "one chair's word publishes the minutes",
        MEETINGS,
        "published = Minutes.chairs_approved_at.is_not(None)",
        "published = Minutes.state != MinutesState.DRAFT",
        (CAST,),
    ),
    Fault(
        "a meeting behind closed doors is followed live",
        MEETINGS,
        "and_(Meeting.state == State.IN_PROGRESS, Meeting.is_open), Meeting.minute_taker_id",
        "Meeting.state == State.IN_PROGRESS, Meeting.minute_taker_id",
        (CAST,),
    ),
    Fault(
        "minutes under review are read by all",
        MEETINGS,
        "return or_(Minutes.chairs_approved_at.is_not(None), own)",
        "return or_(Minutes.state != MinutesState.DRAFT, own)",
        (CAST,),
    ),
    Fault(
        "what was removed is still handed out",
        MEETINGS,
        "return and_(Attachment.removed_at.is_(None), visible_items(viewer),",
        "return and_(visible_items(viewer),",
        (CAST,),
    ),
    Fault(
        "a closed paper on an open point is handed out",
        MEETINGS,
        "visible_items(viewer), or_(Attachment.is_open, inside_items(viewer)))",
        "visible_items(viewer))",
        (CAST,),
    ),
    Fault(
        "an adviser reads proposals",
        MEETINGS,
        "table.committee_id.in_(viewer.inside))",
        "table.committee_id.in_(viewer.committee_ids))",
        (CAST,),
    ),
    Fault(
        "a side's notes are read by its side of other committees",
        MEETINGS,
        "and_(Item.committee_id == seat.committee_id, Note.side == seat.side)",
        "Note.side == seat.side",
        (CAST,),
    ),
    Fault(
        "a former member goes on reading their notes",
        MEETINGS,
        "return and_(inside_items(viewer), or_(Note.person_id == viewer.person_id, steps_in, *sides))",
        "return or_(Note.person_id == viewer.person_id, and_(inside_items(viewer), or_(steps_in, *sides)))",
        (CAST,),
    ),
    Fault(
        "the wrong side's substitute acts as chair",
        MEETINGS,
        "        and away.side is there.side\n",
        "",
        (CAST,),
    ),
    Fault(
        "a minute-taker from outside writes on closed points",
        MEETINGS,
        "    if not item.is_open and not is_inside(viewer, item.meeting):\n",
        "    if False:\n",
        (CAST,),
    ),
    Fault(
        "a point that became a closed one is mailed by title",
        MEETINGS,
        "ORIGIN.c.id.in_([Proposal.from_item_id, Proposal.item_id])",
        "ORIGIN.c.id == Proposal.from_item_id",
        (CAST,),
    ),
    # decisions, the circle, news, private addresses
    Fault(
        "closed decisions stand in everybody's feed",
        DECISIONS,
        "or_(Decision.is_open, Decision.committee_id.in_(viewer.inside)))",
        "Decision.id > 0)",
        (CAST,),
    ),
    Fault(
        "a task on a closed point is kept by who left",
        DECISIONS,
        "        and_(\n            FollowUp.is_open,\n",
        "        and_(\n",
        (CAST,),
    ),
    Fault(
        "the secretary withdraws decisions",
        DECISIONS,
        "    if not looks_after(viewer, decision, Viewer.presides):",
        "    if not looks_after(viewer, decision):",
        (CAST,),
    ),
    Fault(
        "those above see to what an ended committee had closed",
        DECISIONS,
        "    heir = thing.committee.heir if thing.is_open and thing.committee.is_over else None",
        "    heir = thing.committee.heir if thing.committee.is_over else None",
        (CAST,),
    ),
    Fault(
        "the activity's page names decisions one may not read",
        "med/loop/queries.py",
        "DecisionLink.activity_id == activity_id, visible_decisions(viewer), Decision",
        "DecisionLink.activity_id == activity_id, Decision",
        (CAST,),
    ),
    Fault(
        "what one followed is named when one may not see it",
        "med/notices/access.py",
        "Subscription.topic.not_in((Topic.COMMITTEE, Topic.DECISION))",
        "Subscription.topic.not_in((Topic.COMMITTEE,))",
        (CAST,),
    ),
    Fault(
        "a revoked address opens",
        "med/identity/actions.py",
        '        FeedToken.scope == bindparam("scope"),\n        FeedToken.revoked_at.is_(None),\n',
        '        FeedToken.scope == bindparam("scope"),\n',
        (CAST,),
    ),
    Fault(
        "closed points have their titles in calendars",
        "med/calendar/queries/subscriptions.py",
        "may_read = and_(Item.is_open, visible_items(anyone_like(standing)))",
        "may_read = visible_items(anyone_like(standing))",
        (CAST,),
    ),
    # the compass
    Fault(
        "a deputy stays after their days",
        COMPASS,
        ", on_day(Assignment, day or clock.today())\n    )\n    return and_(Citizen.id",
        "\n    )\n    return and_(Citizen.id",
        (UNIT,),
    ),
    Fault(
        "whoever keeps the instruments coordinates",
        COMPASS,
        '        CompassRole.kind == bindparam("kind"),\n',
        "",
        (UNIT,),
    ),
    Fault(
        "whoever led a run goes on knowing who was in it",
        COMPASS,
        "RunLeader.person_id == who, on_day(RunLeader, day)",
        "RunLeader.person_id == who",
        (UNIT,),
    ),
    Fault(
        "the leader of the unit draws the lots",
        COMPASS,
        '    if not about.coordinates:\n        yield T("Kun koordinatoren for enheden fører ventelisten.")',
        "    if not runs_activities(viewer, about.activity, about.coordinates):\n"
        '        yield T("Kun koordinatoren for enheden fører ventelisten.")',
        (UNIT,),
    ),
    Fault(
        "a hidden number is told by the totals",
        "med/competence_compass/disclosure.py",
        "        hidden |= best\n",
        "        hidden.add(cell)\n",
        (DISCLOSING,),
    ),
    Fault(
        "a mean may follow one person",
        "med/competence_compass/disclosure.py",
        "abs(now - shown) >= FEWEST_MEASURED)",
        "abs(now - shown) >= 1)",
        (DISCLOSING,),
    ),
]


@dataclass(frozen=True)
class Outcome:
    fault: Fault
    killed: bool
    said: str


def copy_tree(where: Path) -> None:
    for name in COPIED:
        if (HOME / name).is_dir():
            shutil.copytree(HOME / name, where / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(HOME / name, where / name)


def run(where: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """The tests' exit code and what pytest said last. PostgreSQL reads the same clauses; SQLite is enough here."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", "not postgresql", *tests]
    environment = {**os.environ, "MED_PLANTED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(where)}
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True)
    told = [
        line for line in done.stdout.splitlines() if re.search(r"^(E  |FAILED|ERROR)|\d+ (passed|failed|error)", line)
    ]
    return done.returncode, " ".join((told[0] if told else done.stdout[-300:]).split())[:160]


def plant(faults: list[Fault]) -> Iterator[Outcome]:
    """Each fault in turn. Raises ValueError when a fault does not apply, or the tests fail without any."""
    for fault in FAULTS:
        fault.mutated(HOME)
    with tempfile.TemporaryDirectory(prefix="med-faults-") as folder:
        where = Path(folder)
        copy_tree(where)
        asked = tuple(sorted({test for fault in faults for test in fault.tests}))
        code, said = run(where, asked)
        if code != 0:
            raise ValueError(f"without any fault the tests do not pass: {said}")
        for fault in faults:
            sound = (where / fault.path).read_text(encoding="utf-8")
            (where / fault.path).write_text(fault.mutated(where), encoding="utf-8")
            code, said = run(where, fault.tests)
            if code not in (0, 1):
                raise ValueError(f"{fault.name}: pytest could not run: {said}")
            yield Outcome(fault, code == 1, said)
            (where / fault.path).write_text(sound, encoding="utf-8")


def report(outcomes: list[Outcome]) -> list[str]:
    killed = sum(outcome.killed for outcome in outcomes)
    lines = [
        f"{len(outcomes)} faults planted one at a time in the rules; each meets the tests named beside it, on SQLite.",
        "",
        f"- {'Held' if killed >= NEEDED else '**NOT HELD**'}: {killed} of {len(outcomes)} are noticed "
        f"(at least {NEEDED} must be)",
        "",
        "| fault | where | noticed by |",
        "|---|---|---|",
    ]
    for outcome in outcomes:
        by = ", ".join(test.rpartition("/")[2] for test in outcome.fault.tests)
        lines.append(f"| {outcome.fault.name} | {outcome.fault.path} | {by if outcome.killed else '**nobody**'} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.planted_faults")
    parser.add_argument("words", nargs="*", help="only faults whose name holds one of these")
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    chosen = [fault for fault in FAULTS if not given.words or any(word in fault.name for word in given.words)]
    if given.list:
        print("\n".join(fault.name for fault in chosen))
        return 0
    outcomes = []
    for outcome in plant(chosen):
        print(f"{'killed  ' if outcome.killed else 'SURVIVED'} {outcome.fault.name}: {outcome.said}", flush=True)
        outcomes.append(outcome)
    survived = sum(not outcome.killed for outcome in outcomes)
    print(f"{len(outcomes) - survived} of {len(outcomes)} killed")
    return 0 if survived <= len(FAULTS) - NEEDED else 1


if __name__ == "__main__":
    sys.exit(main())
