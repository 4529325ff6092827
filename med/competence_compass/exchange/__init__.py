"""The compass in and out as files: the folder that `med compass analyse` reads, and single files from other systems."""
