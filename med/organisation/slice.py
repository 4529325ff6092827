from med.language import T
from med.organisation import access
from med.slices import NavEntry, Slice

organisation = Slice(
    name="organisation",
    policies=[
        access.is_employee,
        access.is_admin,
        access.keep_committee,
        access.keep_seat,
        access.found_committee,
        access.found_group,
        access.import_organisation,
        access.see_person,
    ],
    nav=[NavEntry("committees", T("Udvalg"), "/udvalg", 50, more=True)],
)
