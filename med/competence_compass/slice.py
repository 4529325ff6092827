from med.competence_compass import citizen_words  # noqa: F401  the words people use
from med.competence_compass.access import keep_goals, open_citizen, see_sums, take_stock, use_compass
from med.competence_compass.routes import assessing, citizens
from med.language import T
from med.slices import NavEntry, Slice

competence_compass = Slice(
    name="competence_compass",
    routers=[citizens.router, assessing.router],
    policies=[use_compass, see_sums, open_citizen, take_stock, keep_goals],
    nav=[NavEntry("compass", T("Kompas"), "/kompas", 40, shows=lambda viewer: viewer.is_employee)],
)
