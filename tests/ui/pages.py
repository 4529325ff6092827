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
    Place("/mig/adresser", "bo"),
    Place("/mig/adresser", "ivan"),
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
    Place("/feeds/om", ""),
    Place("/beslutninger/{decision[makker-til-vikarer]}", "bo"),
    Place("/beslutninger/{decision[nye-paa-besoeg]}/ret", "dorte"),
    Place("/beslutninger/{decision[nye-paa-besoeg]}", "dorte"),
    Place("/moeder/{meeting[32-med-planlagt]}/lokale", "emil"),
    Place("/moeder/{meeting[32-med-planlagt]}/lokale", "carla"),
    Place("/moeder/{meeting[32-med-planlagt]}/fremmoede", "emil"),
    Place("/moeder/{meeting[26-med-status]}/referat", "carla"),
    Place("/moeder/{meeting[26-med-status]}/referat/versioner", "bo"),
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
    Place("/forslag/{proposal[15]}", "bo"),
    Place("/forslag/{proposal[2]}", "carla"),
    Place("/udvalg/{committee[med-aabrinken]}/pladser/{seat[med-aabrinken/gunnar]}", "emil"),
    Place("/udvalg/indlaes", "ivan"),
    Place("/perspektiver/udsagn/1", "hanne"),
    Place("/moeder/{meeting[28-med-naeste]}/deltagere/{attendance[28-med-naeste/nadia]}", "emil"),
    Place("/moeder/{meeting[28-med-naeste]}/punkter/{item[28-med-naeste/3]}/ret", "anna"),
    Place("/moeder/{meeting[28-med-naeste]}/punkter/{item[28-med-naeste/6]}/aabenhed", "anna"),
    Place("/moeder/{meeting[32-med-planlagt]}/lokale?visning=skaerm", "bo"),
    Place("/moeder/{meeting[26-med-status]}/punkter/{item[26-med-status/3]}/referat/versioner", "bo"),
    Place("/beslutninger/opfoelgning/{follow_up[Skrive en folder på én side]}", "carla"),
    Place("/beslutninger/punkt/{item[32-med-planlagt/3]}", "emil"),
    Place("/svar/{slip[28-med-naeste/nadia/ja]}", ""),
    Place("/svar/{slip[28-med-naeste/nadia/nej]}", ""),
    Place("/svar/{slip[26-med-status/gunnar/ja]}", "gunnar"),
    Place("/drift/svar", "ivan"),
    Place("/nyt", "anna"),
    Place("/nyt", "ivan"),
    Place("/mig/besked", "anna"),
    Place("/mig/besked", "carla"),
    Place("/afmeld/{ticket[carla]}", ""),
    Place("/afmeld/{ticket[carla]}", "bo"),
    Place("/drift/post", "ivan"),
    Place("/drift/kanaler", "emil"),
    Place("/drift/kanaler", "ivan"),
    Place("/udbakke", "anna"),
    Place("/kompas/aktiviteter", "carla"),
    Place("/kompas/aktiviteter/ny", "carla"),
    Place("/kompas/aktivitet/{activity[kor]}", "anna"),
    Place("/kompas/aktivitet/{awaited[0]}", "bo"),
    Place("/kompas/aktivitet/{awaited[0]}/forloeb/nyt", "anna"),
    Place("/kompas/forloeb/{led_run[carla]}", "carla"),
    Place("/kompas/aktivitet/{activity[kor]}/ret", "anna"),
    Place("/kompas/forloeb/{led_run[carla]}", "freja"),
    Place("/kompas/forloeb/{led_run[carla]}/ret", "anna"),
    Place("/kompas/bevis/{proof[carla]}", "carla"),
    Place("/kompas/borger/{own_citizen[freja]}/venteliste", "freja"),
    Place("/kompas/venteliste/{awaited[0]}", "bo"),
    Place("/kompas/redskaber", "anna"),
    Place("/kompas/redskaber/1", "anna"),
    Place("/kompas/redskaber/ny", "anna"),
    Place("/kompas/redskaber/indlaes", "anna"),
    Place("/kompas/redskaber/version/1", "carla"),
    Place("/kompas/redskaber/version/1/proev", "freja"),
    Place("/kompas/redskaber/version/1/paalidelighed", "anna"),
    Place("/kompas/indtag", "bo"),
    Place("/kompas/indtag/ny", "bo"),
    Place("/kompas/indtag/{own_citizen[freja]}", "bo"),
    Place("/kompas/indtag/{own_citizen[freja]}/slet", "bo"),
    Place("/kompas/borger/{own_citizen[freja]}/navn", "bo"),
    Place("/kompas/borger/{own_citizen[freja]}/udlevering", "freja"),
    Place("/kompas/borger/{own_citizen[freja]}/opslag", "freja"),
)

# What is no page to look at: streams, files, feeds, and the answers of machines.
NO_PAGES = {
    "calendar.meeting",
    "calendar.subscription",
    "decisions.atom",
    "decisions.json",
    "livez",
    "meetings.download",
    "meetings.live",
    "meetings.minutes_json",
    "notices.mail_calendar",
    "notices.mail_html",  # a mail's own page, without ours around it
    "organisation.preview",  # what an uploaded file would change; test_axe uploads one
    "readyz",
    "static",
}
