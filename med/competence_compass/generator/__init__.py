"""An invented centre whose true effects are known to whoever made it: for the demo, the tests and the honesty trials.

    world = make_world(Centre(seed=1))
    world.folder      # what a real centre would have on file
    world.truth       # (activity, dimension) -> true effect in standard deviations, 0 where the hypothesis is wrong
    write_folder(path, world.folder); write_truth(path, world)

The same `Centre` gives the same world, to the byte.
"""

from med.competence_compass.generator.centre import Centre
from med.competence_compass.generator.lives import make_world
from med.competence_compass.generator.world import World, example_instrument, write_truth

__all__ = ["Centre", "World", "example_instrument", "make_world", "write_truth"]
