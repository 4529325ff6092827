from med.competence_compass.access import see_sums, use_compass
from med.slices import Slice

competence_compass = Slice(name="competence_compass", policies=[use_compass, see_sums])
