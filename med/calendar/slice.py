from med.slices import Slice

calendar = Slice(name="calendar")
