VERSION = "0.1.0"  # as in pyproject.toml; a checkout that runs without being installed has no metadata
