from pathlib import Path

import pytest

from med.competence_compass.vault import Vault, vault_of


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """The vault of the test's own installation: the same data folder as the `app` fixture's."""
    return vault_of(tmp_path)
