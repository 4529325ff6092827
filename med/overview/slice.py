from med.language import T
from med.overview.routes import router
from med.slices import NavEntry, Slice

overview = Slice(name="overview", routers=[router], nav=[NavEntry("overview", T("Overblik"), "/", 10)])
