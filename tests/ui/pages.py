"""Every page of the site and someone who reads it. Tests that walk the site walk this list."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    path: str  # may name things by their key in the demo's files; see site.Site.path
    handle: str = "anna"
    status: int = 200

    @property
    def name(self) -> str:
        """What a picture of it is called."""
        words = self.path.replace("{", "").replace("}", "").replace("[", "-").replace("]", "")
        return (
            words.strip("/").replace("/", "_").replace("?", "--").replace("&", "-") or "overblik"
        ) + f".{self.handle}"


PAGES = (
    Place("/", "anna"),
    Place("/", "carla"),
    Place("/log-ind", ""),
    Place("/mig", "bo"),
    Place("/tilgaengelighed", ""),
    Place("/findes-ikke", "carla", 404),
    Place("/perspektiver", "carla"),
    Place("/perspektiver/compliance", "bo"),
    Place("/perspektiver/historik", "carla"),
    Place("/perspektiver/compliance/ret", "hanne"),
    Place("/perspektiver/indlaes", "hanne"),
    Place("/udvalg", "carla"),
    Place("/udvalg/{committee[med-aabrinken]}", "bo"),
    Place("/udvalg/{committee[med-aabrinken]}/forretningsorden", "emil"),
    Place("/udvalg/{committee[med-aabrinken]}/pladser", "emil"),
    Place("/udvalg/{committee[med-aabrinken]}/pladser/ny", "emil"),
    Place("/udvalg/nyt", "ivan"),
    Place("/udvalg/{committee[med-aabrinken]}/ret", "ivan"),
    Place("/udvalg/personer", "anna"),
    Place("/udvalg/rettigheder", "ivan"),
    Place("/personer/{person[anna]}", "bo"),
)
