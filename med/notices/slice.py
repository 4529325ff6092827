from med.slices import Slice

notices = Slice(name="notices")
