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
    Place("/beslutninger", "carla"),
    Place("/beslutninger", "ivan"),
    Place("/beslutninger?perspektiv=resiliens", "bo"),
    Place("/beslutninger?q=findes+ikke", "carla"),
    Place("/beslutninger/balance", "dorte"),
    Place("/beslutninger/opfoelgning", "anna"),
    Place("/beslutninger/{decision[makker-til-vikarer]}", "bo"),
    Place("/beslutninger/{decision[nye-paa-besoeg]}/ret", "dorte"),
    Place("/beslutninger/{decision[nye-paa-besoeg]}", "dorte"),
    Place("/moeder/{meeting[32-med-planlagt]}/lokale", "emil"),
    Place("/moeder/{meeting[32-med-planlagt]}/lokale", "carla"),
    Place("/moeder/{meeting[32-med-planlagt]}/fremmoede", "emil"),
    Place("/moeder/{meeting[26-med-status]}/referat", "carla"),
    Place("/moeder/{meeting[26-med-status]}/referat/versioner", "carla"),
    Place("/moeder/{meeting[27-centermed-i-referat]}/referat", "dorte"),
    Place("/moeder", "carla"),
    Place("/moeder/{meeting[28-med-naeste]}", "bo"),
    Place("/moeder/{meeting[28-med-naeste]}", "carla"),
    Place("/moeder/{meeting[31-centermed-planlagt]}", "dorte"),
    Place("/moeder/{meeting[31-centermed-planlagt]}/ret", "dorte"),
    Place("/moeder/{meeting[31-centermed-planlagt]}/punkter/nyt", "dorte"),
    Place("/moeder/{meeting[31-centermed-planlagt]}/aflys", "dorte"),
    Place("/moeder/{meeting[28-med-naeste]}/afbud", "bo"),
    Place("/moeder/nyt", "emil"),
    Place("/forslag", "anna"),
    Place("/forslag", "carla"),
    Place("/forslag/nyt", "carla"),
)
