from med.access import Policy
from med.competence_compass import (
    access,
    activity_parts,
    activity_words,  # noqa: F401  the words people use
    citizen_words,  # noqa: F401
)
from med.competence_compass.access import (
    edit_version,
    keep_goals,
    keep_instruments,
    open_citizen,
    see_instruments,
    see_sums,
    take_stock,
    use_compass,
)
from med.competence_compass.citizen_parts import citizens_await
from med.competence_compass.jobs import jobs
from med.competence_compass.parts import landing
from med.competence_compass.routes import (
    activities,
    assessing,
    citizens,
    drafts,
    effects,
    goals,
    identities,
    imports,
    instrument_files,
    instruments,
    intake,
    reliability,
    report_layouts,
    reporting,
    roles,
    run_plans,
    runs,
    waiting,
)
from med.language import T
from med.slices import NavEntry, Slice

ABOUT_ACTIVITIES: list[Policy] = [
    access.propose_activity,
    access.keep_activity,
    access.remove_hypothesis,
    access.run_activity,
    access.keep_run,
    access.start_run,
    access.lead_run,
    access.attend_run,
    access.plan_sessions,
    access.end_run,
    access.keep_waiting_list,
    access.give_role,
    access.keep_report_layout,
]

landing(activity_parts.my_runs, order=20)
landing(activity_parts.waiting_lists, order=40)
landing(effects.on_landing, order=50)
landing(activity_parts.all_activities, order=55)

competence_compass = Slice(
    name="competence_compass",
    handlers=[
        *citizens.handlers,
        *assessing.handlers,
        *goals.handlers,
        *instruments.handlers,
        *drafts.handlers,
        *instrument_files.handlers,
        *reliability.handlers,
        *roles.handlers,
        *activities.handlers,
        *run_plans.handlers,
        *runs.handlers,
        *waiting.handlers,
        *effects.handlers,
        *intake.handlers,
        *imports.handlers,
        *reporting.handlers,
        *report_layouts.handlers,
        *identities.handlers,
    ],
    policies=[
        use_compass,
        see_sums,
        open_citizen,
        take_stock,
        keep_goals,
        see_instruments,
        keep_instruments,
        edit_version,
        *ABOUT_ACTIVITIES,
    ],
    awaits=lambda db, viewer: [*citizens_await(db, viewer), *activity_parts.activities_await(db, viewer)],
    jobs=jobs,
    nav=[NavEntry("compass", T("Kompas"), "/kompas", 40, shows=lambda viewer: viewer.is_employee)],
)
