from med.slices import Slice

loop = Slice(name="loop")
