"""`/kompas/effekt`: what managers see of effects, in words that hold, and what nobody sees."""

import re

import pytest
from sqlalchemy import select, update

from med.competence_compass.effects.verdicts import Reason, Verdict
from med.competence_compass.models import Activity, EffectRun, RunState, Version
from med.competence_compass.routes import effect_words
from tests.competence_compass.factories import make_activity, suppose
from tests.competence_compass.findings import CASES, estimate, make_done, make_findings
from tests.competence_compass.house import make_instrument, unit_id

HIDDEN = ("0,91", "0,81", "0.91", "0.81", "nan", "None", "inf")


def text_of(page) -> str:
    return " ".join(page.tree.xpath("string(//main)").split())


def test_a_manager_reads_every_verdict_in_words(visitor, write):
    write(make_findings)
    page = visitor("anna").open("/kompas/effekt")
    said = text_of(page)
    assert page.tree.xpath("string(//h1)") == "Udvikler det, vi gør, borgernes kompetencer?"
    for word in ("udvikler", "tilbagegang", "fastholder", "ingen påviselig effekt", "uafklaret", "for få data"):
        assert word in said
    assert "Tallene tyder på en mellemstor fremgang." in said
    assert "Vi kunne have set en mellemstor virkning eller større (fra 0,40)." in said
    for _, reason, _ in CASES:
        assert str(effect_words.REASONS[reason]) in said
    assert "4.312 vurderinger til og med 19. nov. 2026" in said
    assert "beviser ikke" in said and "betyder ikke, at aktiviteten ikke virker" in said
    assert "omkring 35 deltagere" in said and "33 deltagere" not in said


def test_every_word_of_the_analysis_has_a_sentence():
    assert set(effect_words.VERDICTS) == {one.value for one in Verdict}
    assert set(effect_words.REASONS) == {one.value for one in Reason}
