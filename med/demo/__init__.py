"""The demo workplace: Solbæk Kommune, invented, with a whole year of meetings. `med demo` and the tests live in it."""

from med.demo.compass import A_FEW, WHOLE
from med.demo.furnish import NOW, furnish
from med.demo.listening import listen

__all__ = ["A_FEW", "NOW", "WHOLE", "furnish", "listen"]
