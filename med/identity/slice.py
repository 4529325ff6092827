from med.access import anyone, signed_in
from med.identity.routes import router
from med.slices import Slice

identity = Slice(name="identity", routers=[router], policies=[signed_in, anyone])
