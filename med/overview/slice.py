from med.language import T
from med.overview.routes import handlers
from med.slices import NavEntry, Slice

overview = Slice(name="overview", handlers=handlers, nav=[NavEntry("overview", T("Overblik"), "/", 10)])
