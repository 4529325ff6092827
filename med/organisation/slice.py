from med.language import T
from med.organisation import access, words  # noqa: F401
from med.organisation.jobs import jobs
from med.organisation.routes import handlers
from med.slices import NavEntry, Slice

organisation = Slice(
    name="organisation",
    handlers=handlers,
    policies=[
        access.see_committees,
        access.is_employee,
        access.is_admin,
        access.keep_committee,
        access.keep_seat,
        access.found_committee,
        access.found_group,
        access.found_main_committee,
        access.give_grant,
        access.import_organisation,
        access.see_person,
    ],
    jobs=jobs,
    nav=[NavEntry("committees", T("Udvalgene"), "/udvalg", 50, more=True)],
)
