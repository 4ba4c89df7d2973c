"""Alembic's entry: run config's migrations."""

from paaskit.migrations import run_environment
from services.config.models import METADATA

run_environment(METADATA)
