from pathlib import Path

import pytest

from med.competence_compass.vault import Vault, vault_of


@pytest.fixture
def vault(data_dir: Path) -> Vault:
    """The vault of the test's own installation: the same data folder as the `app` fixture's."""
    return vault_of(data_dir)
