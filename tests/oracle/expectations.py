"""Who gets what at which address, written down by hand. Imports nothing; a route without a row here fails the tests.

The cases are those of tests/scenes.py: a meeting of MED-ledelsen before it (draft), during it (live) and with approved
minutes (done), at an open or a closed item. A row says what the named people get; everyone it does not name gets 404,
and who is not signed in is sent to the door (303). OK is 200 for a page; for a form it is any answer of someone who may
send it: it went through, or what was typed did not fit.
"""

OK = "ok"

RUNS = ["anna", "bo", "emil"]  # chair, vice-chair, secretary of MED-ledelsen
CHAIRS = ["anna", "bo"]
INSIDE = [*RUNS, "gunnar"]
OUTSIDE = ["carla", "dorte", "freja", "hanne", "julie", "karl"]  # work here; karl's seat has ended
STAFF = [*INSIDE, *OUTSIDE]
OPERATOR = ["ivan"]  # runs the system, works elsewhere
EVERYONE = [*STAFF, *OPERATOR]
NOBODY = ["nobody"]

Row = dict[str | int, list[str]]
Rows = dict[str, Row]  # case -> row; "open", "closed" and "any" stand for the cases not named


def but(everyone: list[str], *these: str) -> list[str]:
    return [name for name in everyone if name not in these]


# --- rows that many routes share ------------------------------------------------------------------------------------

# Who manages a unit, or one above it.
GIVES_ROLES: Rows = {"any": {OK: ["anna", "dorte", "hanne"], 403: but(EVERYONE, "anna", "dorte", "hanne")}}
WHOEVER_COMES: Rows = {"any": {OK: [*EVERYONE, *NOBODY]}}
WHOEVER_SIGNS_IN: Rows = {"any": {OK: EVERYONE}}
WHO_WORKS_HERE: Rows = {"any": {OK: STAFF}}
INSIDE_ALONE: Rows = {"any": {OK: INSIDE}}
BO_ALONE: Rows = {"any": {OK: ["bo"]}}  # coordinates intake and waiting lists
MANAGES = ["anna", "dorte", "hanne"]  # Værkstederne, from near and from above
RUNS_ACTIVITY: Rows = {"any": {OK: [*MANAGES, "bo"], 403: but(STAFF, *MANAGES, "bo")}}
LEADS_TOO: Rows = {"any": {OK: [*MANAGES, "bo", "carla"], 403: but(STAFF, *MANAGES, "bo", "carla")}}
FREJA_ALONE: Rows = {"any": {OK: ["freja"]}}  # the citizen's contact person; to everybody else there is no citizen
CARLA_ALONE: Rows = {"any": {OK: ["carla"]}}
NOT_YET: Row = {403: STAFF}
NOT_YET_CLOSED: Row = {403: INSIDE}
RUNS_OPEN: Row = {OK: RUNS, 403: ["gunnar", *OUTSIDE]}
RUNS_CLOSED: Row = {OK: RUNS, 403: ["gunnar"]}

KEEPS_COMMITTEE: Rows = {"any": {OK: ["emil", "ivan"], 403: but(STAFF, "emil")}}
FOUNDS: Rows = {"any": {OK: [*RUNS, "dorte", "hanne", "ivan"], 403: ["carla", "freja", "gunnar", "julie", "karl"]}}
OPERATES: Rows = {"any": {OK: OPERATOR, 403: STAFF}}
KEEPS_CHANNELS: Rows = {  # chairs and secretaries of any committee
    "any": {OK: [*RUNS, "dorte", "hanne", "ivan"], 403: ["carla", "freja", "gunnar", "julie", "karl"]}
}
KEEPS_GRUNDLAG: Rows = {"any": {OK: ["emil", "hanne"], 403: but(EVERYONE, "emil", "hanne")}}

# A meeting: what its chairs and secretary do before it is over, while it lasts, or until it begins.
UNTIL_OVER: Rows = {"live open": RUNS_OPEN, "draft open": RUNS_OPEN, "done open": NOT_YET}
BEFORE: Rows = {"draft open": RUNS_OPEN, "any": NOT_YET}
DURING: Rows = {"live open": RUNS_OPEN, "any": NOT_YET}
NEVER_HERE: Rows = {"any": NOT_YET}  # nothing in the scene is in the right state for it

# An item: in a draft agenda nobody outside sees any of them, closed or not.
ITEM_UNTIL_OVER: Rows = {
    "live open": RUNS_OPEN,
    "live closed": RUNS_CLOSED,
    "draft open": RUNS_CLOSED,
    "draft closed": RUNS_CLOSED,
    "done open": NOT_YET,
    "done closed": NOT_YET_CLOSED,
}
ITEM_DURING: Rows = {
    "live open": RUNS_OPEN,
    "live closed": RUNS_CLOSED,
    "draft open": NOT_YET_CLOSED,
    "draft closed": NOT_YET_CLOSED,
    "done open": NOT_YET,
    "done closed": NOT_YET_CLOSED,
}
SEES_ITEM: Rows = {"draft open": {OK: INSIDE}, "open": {OK: STAFF}, "closed": {OK: INSIDE}}

# A decision or follow-up: live and done ones on open items are read by all; gunnar is responsible for them.
SEES_DECISION: Rows = {"open": {OK: STAFF}, "closed": {OK: INSIDE}}
GUNNAR_OR_RUNS: Rows = {"open": {OK: INSIDE, 403: OUTSIDE}, "closed": {OK: INSIDE}}
FOLLOWS_UP: Rows = {
    "live open": NOT_YET,
    "live closed": NOT_YET_CLOSED,
    "done open": {OK: INSIDE, 403: OUTSIDE},
    "done closed": {OK: INSIDE},
}
ONCE_PUBLISHED: Rows = {
    "live open": NOT_YET,
    "live closed": NOT_YET_CLOSED,
    "done open": RUNS_OPEN,
    "done closed": RUNS_CLOSED,
}

KEEPS_INSTRUMENTS: Rows = {"any": {OK: ["anna"], 403: but(STAFF, "anna")}}
# Contact person, coordinator, and carla, who leads a run the citizen takes part in.
OPENS_NAME: Rows = {"any": {OK: ["bo", "carla", "freja"]}}

# --- the routes -------------------------------------------------------------------------------------------------------

EXPECTED: dict[str, Rows] = {
    # the house
    "overview": WHOEVER_SIGNS_IN,
    "accessibility": WHOEVER_COMES,
    "livez": WHOEVER_COMES,
    "readyz": WHOEVER_COMES,
    "static": {"any": {404: [*EVERYONE, *NOBODY]}},  # of a name that no file has
    # coming and going
    "identity.sign_in": WHOEVER_COMES,
    "identity.choose_persona": WHOEVER_COMES,
    "identity.sign_out": WHOEVER_SIGNS_IN,
    "identity.me": WHOEVER_SIGNS_IN,
    "trust.own_data": WHOEVER_SIGNS_IN,
    "trust.take_data": WHOEVER_SIGNS_IN,
    "trust.retention": OPERATES,
    "identity.keep_me": WHOEVER_SIGNS_IN,
    "identity.end_sign_in": CARLA_ALONE,  # her own
    "identity.addresses": WHOEVER_SIGNS_IN,
    "identity.make_address": {"any": {OK: STAFF, 403: OPERATOR}},
    "identity.revoke_address": CARLA_ALONE,
    "identity.seen": WHOEVER_SIGNS_IN,
    "identity.access": WHOEVER_SIGNS_IN,
    "identity.end_others": WHOEVER_SIGNS_IN,
    "identity.password": CARLA_ALONE,  # she has one
    "identity.change_password": CARLA_ALONE,
    "identity.second_step": CARLA_ALONE,
    "identity.turn_on_second_step": CARLA_ALONE,
    "identity.turn_off_second_step": CARLA_ALONE,
    "identity.renew_codes": CARLA_ALONE,
    "identity.sign_in_by_password": WHOEVER_COMES,
    "identity.welcome": {"any": {404: [*EVERYONE, *NOBODY]}},  # the scene has no such link
    "identity.begin": {"any": {404: [*EVERYONE, *NOBODY]}},
    "identity.go_to_provider": {"any": {404: [*EVERYONE, *NOBODY]}},  # and no provider
    "identity.come_back": {"any": {404: [*EVERYONE, *NOBODY]}},
    "identity.sign_out_there": {"any": {404: [*EVERYONE, *NOBODY]}},
    "identity.ways_in": OPERATES,
    "identity.invite": OPERATES,
    "identity.close_account": OPERATES,
    "identity.unlink": OPERATES,
    # answering an invitation by the link in a mail; what came back by mail
    "calendar.answer": WHOEVER_COMES,
    "calendar.give_answer": WHOEVER_COMES,
    "calendar.replies": OPERATES,
    # committees and people
    "organisation.index": WHOEVER_SIGNS_IN,
    "organisation.show": WHOEVER_SIGNS_IN,
    "organisation.people": WHOEVER_SIGNS_IN,
    "organisation.person": WHOEVER_SIGNS_IN,
    "organisation.seats": WHOEVER_SIGNS_IN,
    "organisation.rules": WHOEVER_SIGNS_IN,
    "organisation.new": FOUNDS,
    # A group under one's own committee; under another's it is the field that objects.
    "organisation.found": FOUNDS,
    "organisation.edit": KEEPS_COMMITTEE,
    "organisation.change": KEEPS_COMMITTEE,
    "organisation.set_rules": KEEPS_COMMITTEE,
    "organisation.drop_rules": KEEPS_COMMITTEE,
    "organisation.new_seat": KEEPS_COMMITTEE,
    "organisation.give_seat": KEEPS_COMMITTEE,
    "organisation.seat": KEEPS_COMMITTEE,
    "organisation.move_seat": KEEPS_COMMITTEE,
    "organisation.end_seat": KEEPS_COMMITTEE,
    "organisation.withdraw_seat": KEEPS_COMMITTEE,
    "organisation.grants": OPERATES,
    "organisation.give_grant": OPERATES,
    "organisation.end_grant": OPERATES,
    "organisation.import": OPERATES,
    "organisation.upload": OPERATES,
    "organisation.preview": OPERATES,
    "organisation.carry_out": OPERATES,
    "organisation.discard": OPERATES,
    # the grundlag
    "perspectives.index": WHOEVER_SIGNS_IN,
    "perspectives.show": WHOEVER_SIGNS_IN,
    "perspectives.history": WHOEVER_SIGNS_IN,
    "perspectives.edit": KEEPS_GRUNDLAG,
    "perspectives.change_heading": KEEPS_GRUNDLAG,
    "perspectives.add_statement": KEEPS_GRUNDLAG,
    "perspectives.edit_statement": KEEPS_GRUNDLAG,
    "perspectives.change_statement": KEEPS_GRUNDLAG,
    "perspectives.retire": KEEPS_GRUNDLAG,
    "perspectives.move": KEEPS_GRUNDLAG,
    "perspectives.import": KEEPS_GRUNDLAG,
    "perspectives.preview": KEEPS_GRUNDLAG,
    "perspectives.carry_out": KEEPS_GRUNDLAG,
    # proposals: carla's, to MED-ledelsen
    "proposals.index": WHOEVER_SIGNS_IN,
    "proposals.new": {"any": {OK: STAFF, 403: OPERATOR}},
    "proposals.raise": {"any": {OK: STAFF, 403: OPERATOR}},
    "proposals.show": {"any": {OK: [*INSIDE, "carla"]}},
    "proposals.seen": {"any": {OK: [*INSIDE, "carla"]}},
    "proposals.answer": {"any": {OK: CHAIRS, 403: ["carla", "emil", "gunnar"]}},
    "proposals.withdraw": {"any": {OK: ["carla"], 403: INSIDE}},
    # meetings
    "meetings.index": WHOEVER_SIGNS_IN,
    "meetings.show": WHO_WORKS_HERE,
    "meetings.new": WHOEVER_SIGNS_IN,
    "meetings.plan": {"any": {OK: RUNS, 403: but(EVERYONE, *RUNS)}},
    "meetings.edit": UNTIL_OVER,
    "meetings.change": UNTIL_OVER,
    "meetings.cancelling": BEFORE,
    "meetings.cancel": BEFORE,
    "meetings.reply": {"done open": NOT_YET, "any": {OK: ["anna", "gunnar"], 403: but(STAFF, "anna", "gunnar")}},
    "meetings.decline": {"done open": NOT_YET, "any": {OK: ["anna", "gunnar"], 403: but(STAFF, "anna", "gunnar")}},
    "meetings.reply_form": UNTIL_OVER,
    "meetings.reply_for": UNTIL_OVER,
    "meetings.observe": {"done open": NOT_YET, "any": {OK: but(STAFF, "anna", "gunnar"), 403: ["anna", "gunnar"]}},
    "meetings.new_item": UNTIL_OVER,
    "meetings.add_item": UNTIL_OVER,
    "meetings.edit_item": ITEM_UNTIL_OVER,
    "meetings.change_item": ITEM_UNTIL_OVER,
    "meetings.remove_item": ITEM_UNTIL_OVER,
    "meetings.openness": ITEM_UNTIL_OVER,
    "meetings.set_openness": ITEM_UNTIL_OVER,
    "meetings.reorder": UNTIL_OVER,
    "meetings.attach": ITEM_UNTIL_OVER,
    "meetings.attachment_openness": ITEM_UNTIL_OVER,
    "meetings.remove_attachment": ITEM_UNTIL_OVER,
    "meetings.download": SEES_ITEM,
    "meetings.approve_agenda": {"draft open": {OK: CHAIRS, 403: but(STAFF, *CHAIRS)}, "any": NOT_YET},
    "meetings.open": BEFORE,
    "meetings.undo_opening": DURING,  # once words are noted it comes too late (409)
    "meetings.note": {
        "live open": {OK: INSIDE, 403: OUTSIDE},
        "done open": {OK: INSIDE, 403: OUTSIDE},
        "any": {OK: INSIDE},
    },
    # in the room
    "meetings.room": {"live open": {OK: STAFF}, "any": {OK: INSIDE, 403: OUTSIDE}},
    "meetings.live": {
        "live open": {OK: STAFF, 401: NOBODY},
        "draft open": {OK: INSIDE, 403: OUTSIDE, 401: NOBODY},
        "done open": {204: INSIDE, 403: OUTSIDE, 401: NOBODY},  # over: the browser need not ask again
    },
    "meetings.add_on_the_spot": DURING,
    "meetings.presence": DURING,
    "meetings.keep_presence": DURING,
    "meetings.go_to_item": ITEM_DURING,
    "meetings.write_item": ITEM_DURING,
    "meetings.settle_item": ITEM_DURING,
    "meetings.recuse": ITEM_DURING,
    "meetings.item_history": INSIDE_ALONE,
    "meetings.close": DURING,
    # minutes
    "meetings.minutes": {"done open": {OK: STAFF}, "any": {}},
    "meetings.minutes_versions": {"done open": {OK: INSIDE}, "any": {}},
    "meetings.minutes_json": {"done open": {OK: INSIDE}, "any": {}},
    "meetings.review": NEVER_HERE,
    "meetings.approve_minutes": NEVER_HERE,
    "meetings.written_approval": NEVER_HERE,
    "meetings.add_addendum": {"done open": RUNS_OPEN, "any": NOT_YET},
    # decisions
    "decisions.index": WHOEVER_SIGNS_IN,
    "decisions.balance": WHOEVER_SIGNS_IN,
    "decisions.search": WHOEVER_SIGNS_IN,  # what it finds is what each may see
    "decisions.atom": WHOEVER_COMES,  # the address itself is the key; what it shows is what carla may see
    "decisions.json": WHOEVER_COMES,
    "decisions.feed_format": WHOEVER_COMES,
    # private calendars, and one meeting as a file
    "calendar.subscription": {"any": {404: [*EVERYONE, *NOBODY]}},  # the scene has no such address
    "calendar.meeting": WHO_WORKS_HERE,
    "decisions.show": SEES_DECISION,
    "decisions.new": ITEM_DURING,
    "decisions.record": ITEM_DURING,
    "decisions.edit": ITEM_DURING,
    "decisions.correct": ITEM_DURING,
    "decisions.discard": ITEM_DURING,
    "decisions.release": {
        "live open": {OK: CHAIRS, 403: but(STAFF, *CHAIRS)},
        "live closed": {OK: CHAIRS, 403: ["emil", "gunnar"]},
        "done open": NOT_YET,
        "done closed": NOT_YET_CLOSED,
    },
    "decisions.move": GUNNAR_OR_RUNS,
    "decisions.review": ONCE_PUBLISHED,
    "decisions.hand_over": ONCE_PUBLISHED,
    "decisions.withdraw": {
        "live open": NOT_YET,
        "live closed": NOT_YET_CLOSED,
        "done open": {OK: CHAIRS, 403: but(STAFF, *CHAIRS)},
        "done closed": {OK: CHAIRS, 403: ["emil", "gunnar"]},
    },
    # follow-ups
    "decisions.follow_ups": WHOEVER_SIGNS_IN,
    "decisions.follow_up": SEES_DECISION,
    "decisions.agree": {"live open": RUNS_OPEN, "done open": RUNS_OPEN, "any": RUNS_CLOSED},
    "decisions.follow_up_on": GUNNAR_OR_RUNS,
    "decisions.move_follow_up": GUNNAR_OR_RUNS,
    # the circle: seen with the decision; linked by those who follow up on it, once it is published
    "loop.decision": SEES_DECISION,
    "loop.link": FOLLOWS_UP,
    "loop.unlink": FOLLOWS_UP,
    "loop.committee": WHO_WORKS_HERE,
    # what one hears of: on the page of one's own, by the buttons on others', and the link in a mail, for whoever has it
    "notices.news": WHOEVER_SIGNS_IN,
    "notices.read": WHOEVER_SIGNS_IN,
    "notices.settings": WHOEVER_SIGNS_IN,
    "notices.keep": WHOEVER_SIGNS_IN,
    "notices.silence": WHOEVER_SIGNS_IN,
    "notices.forget": WHOEVER_SIGNS_IN,
    "notices.follow": {"any": {OK: STAFF, 403: OPERATOR}},
    "notices.unsubscribe": WHOEVER_COMES,
    "notices.stop": WHOEVER_COMES,
    # the post, the channels and the demo's mailbox
    "keeping.copies": OPERATES,
    "notices.post": OPERATES,
    "notices.try_all_again": OPERATES,
    "notices.try_again": OPERATES,
    "notices.give_up": OPERATES,
    "notices.accept_address": OPERATES,
    "notices.outlets": KEEPS_CHANNELS,
    "notices.open_outlet": KEEPS_CHANNELS,
    # MED-ledelsen's; who keeps another committee's channels does not know of it.
    "notices.try_outlet": {"any": {OK: [*RUNS, *OPERATOR]}},
    "notices.end_outlet": {"any": {OK: [*RUNS, *OPERATOR]}},
    "notices.mailbox": WHOEVER_SIGNS_IN,
    "notices.mail": WHOEVER_SIGNS_IN,
    "notices.mail_html": WHOEVER_SIGNS_IN,
    "notices.mail_calendar": WHOEVER_SIGNS_IN,
    # the compass: one citizen
    "compass.roles": GIVES_ROLES,
    "compass.give_role": GIVES_ROLES,
    # Those who do not manage the unit are told so before they are told whether there is such a role.
    "compass.end_role": GIVES_ROLES,
    "compass.index": WHO_WORKS_HERE,
    "compass.citizen": FREJA_ALONE,
    "compass.citizen_print": FREJA_ALONE,
    "compass.assess": FREJA_ALONE,
    "compass.begin_assessment": FREJA_ALONE,
    "compass.answer": FREJA_ALONE,
    "compass.answer_area": FREJA_ALONE,
    "compass.assessment": FREJA_ALONE,
    "compass.close_assessment": FREJA_ALONE,
    "compass.fill_rest": FREJA_ALONE,
    "compass.discard_assessment": FREJA_ALONE,
    "compass.correct_assessment": FREJA_ALONE,
    "compass.goals": FREJA_ALONE,
    "compass.new_goal": FREJA_ALONE,
    "compass.set_goal": FREJA_ALONE,
    "compass.goal": FREJA_ALONE,
    "compass.edit_goal": FREJA_ALONE,
    "compass.reword_goal": FREJA_ALONE,
    "compass.rate_goal": FREJA_ALONE,
    "compass.end_goal": FREJA_ALONE,
    # the compass: activities are everyone's to read, runs' participants their leader's, waiting lists the coordinator's
    "compass.activities": WHO_WORKS_HERE,
    "compass.new_activity": WHO_WORKS_HERE,
    "compass.propose_activity": WHO_WORKS_HERE,
    "compass.activity": WHO_WORKS_HERE,
    "compass.edit_activity": RUNS_ACTIVITY,
    "compass.change_activity": RUNS_ACTIVITY,
    "compass.add_hypothesis": RUNS_ACTIVITY,
    "compass.remove_hypothesis": NEVER_HERE,
    "compass.end_activity": RUNS_ACTIVITY,
    "compass.new_run": RUNS_ACTIVITY,
    "compass.plan_run": RUNS_ACTIVITY,
    "compass.run": WHO_WORKS_HERE,
    "compass.edit_run": RUNS_ACTIVITY,
    "compass.change_run": RUNS_ACTIVITY,
    "compass.start_run": NEVER_HERE,
    "compass.end_run": LEADS_TOO,
    "compass.add_run_leader": RUNS_ACTIVITY,
    "compass.end_run_leader": RUNS_ACTIVITY,
    "compass.add_session": LEADS_TOO,
    "compass.move_session": LEADS_TOO,
    "compass.note_presence": CARLA_ALONE,
    "compass.everyone_came": CARLA_ALONE,
    "compass.leave_run": CARLA_ALONE,
    "compass.plan_participation": CARLA_ALONE,
    "compass.note_exam": CARLA_ALONE,
    "compass.certificate": {"any": {OK: ["carla", "freja"]}},
    "compass.waiting_list": BO_ALONE,
    "compass.queue": BO_ALONE,
    "compass.draw_lots": BO_ALONE,
    "compass.offer": BO_ALONE,
    "compass.answer_offer": BO_ALONE,
    "compass.change_need": BO_ALONE,
    "compass.leave_list": BO_ALONE,
    "compass.queue_for": {"any": {OK: ["bo", "freja"]}},
    "compass.ask_for_place": {"any": {OK: ["bo", "freja"]}},
    # the compass: its instruments, which anna keeps
    "instruments.index": WHO_WORKS_HERE,
    "instruments.show": WHO_WORKS_HERE,
    "instruments.version": WHO_WORKS_HERE,
    "instruments.preview": WHO_WORKS_HERE,
    "instruments.map": WHO_WORKS_HERE,
    "instruments.file": WHO_WORKS_HERE,
    "instruments.reliability": WHO_WORKS_HERE,
    "instruments.new": KEEPS_INSTRUMENTS,
    "instruments.make": KEEPS_INSTRUMENTS,
    "instruments.change": KEEPS_INSTRUMENTS,
    "instruments.end": KEEPS_INSTRUMENTS,
    "instruments.copy": KEEPS_INSTRUMENTS,
    "instruments.activate": KEEPS_INSTRUMENTS,
    "instruments.discard": KEEPS_INSTRUMENTS,
    "instruments.set_map": KEEPS_INSTRUMENTS,
    "instruments.scale": KEEPS_INSTRUMENTS,
    "instruments.set_scale": KEEPS_INSTRUMENTS,
    "instruments.add_area": KEEPS_INSTRUMENTS,
    "instruments.area": KEEPS_INSTRUMENTS,
    "instruments.change_area": KEEPS_INSTRUMENTS,
    "instruments.move_area": KEEPS_INSTRUMENTS,
    "instruments.remove_area": KEEPS_INSTRUMENTS,
    "instruments.add_dimension": KEEPS_INSTRUMENTS,
    "instruments.dimension": KEEPS_INSTRUMENTS,
    "instruments.change_dimension": KEEPS_INSTRUMENTS,
    "instruments.move_dimension": KEEPS_INSTRUMENTS,
    "instruments.remove_dimension": KEEPS_INSTRUMENTS,
    "instruments.import": KEEPS_INSTRUMENTS,
    "instruments.upload": KEEPS_INSTRUMENTS,
    "instruments.compute_reliability": KEEPS_INSTRUMENTS,
    "instruments.enter_reliability": KEEPS_INSTRUMENTS,
    "instruments.look_over": {"any": {403: but(STAFF, "anna")}},  # somebody else's file
    "instruments.take_in": {"any": {403: but(STAFF, "anna")}},  # somebody else's file
    "instruments.throw_away": {"any": {403: but(STAFF, "anna")}},  # somebody else's file
    # the compass: in and out, names, everything
    "intake.index": BO_ALONE,
    "intake.new": BO_ALONE,
    "intake.enter": BO_ALONE,
    "intake.show": BO_ALONE,
    "intake.place": BO_ALONE,
    "intake.rename": BO_ALONE,
    "intake.leave": BO_ALONE,
    "intake.come_back": BO_ALONE,
    "intake.assign": BO_ALONE,
    "intake.end_assignment": BO_ALONE,
    "intake.erasing": BO_ALONE,
    "intake.erase": BO_ALONE,
    "compass.ask_name": OPENS_NAME,
    "compass.name": OPENS_NAME,
    "compass.handing_over": FREJA_ALONE,
    "compass.hand_over": FREJA_ALONE,
    "compass.looks": FREJA_ALONE,
    # the compass: effects, to those who lead units; to others there is no such page
    "compass.effects": {"any": {OK: MANAGES}},
    "compass.effects_file": {"any": {OK: MANAGES}},
    "compass.ask_for_effects": {"any": {OK: MANAGES}},
    # the compass: what is taken out for other systems; who chooses columns sees no citizen
    "compass.reports": {"any": {OK: [*MANAGES, "bo", "freja"]}},
    "compass.development_plan": {"any": {OK: MANAGES}},
    "compass.development_plan_file": {"any": {OK: MANAGES}},
    "compass.citizen_report": FREJA_ALONE,
    "compass.citizen_report_file": FREJA_ALONE,
    "compass.own_report_file": FREJA_ALONE,
    "compass.report_layout": {"any": {OK: [*MANAGES, "bo"]}},
    "compass.keep_report_layout": {"any": {OK: [*MANAGES, "bo"]}},
    "compass.drop_report_layout": {"any": {OK: [*MANAGES, "bo"]}},
    # the compass: files with citizens, participations, assessments and goals
    "compass.import": BO_ALONE,
    "compass.upload": BO_ALONE,
    "compass.preview": {"any": {}},  # somebody else's file
    "compass.carry_out": {"any": {}},
    "compass.discard": {"any": {}},
}


def row(route: str, case: str) -> Row:
    rows = EXPECTED[route]
    return rows.get(case) or rows.get(case.rpartition(" ")[2]) or rows["any"]


def expected(route: str, case: str, person: str) -> str | int:
    """OK or the status that a person ("nobody" for one who is not signed in) gets."""
    for answer, people in row(route, case).items():
        if person in people:
            return answer
    return 303 if person == "nobody" else 404


# Every answer carries these, whatever it is.
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
