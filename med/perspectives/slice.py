from med.language import T
from med.perspectives import access
from med.slices import NavEntry, Slice

perspectives = Slice(
    name="perspectives",
    policies=[access.edit_grundlag],
    nav=[NavEntry("perspectives", T("Perspektiver"), "/perspektiver", 40)],
)
