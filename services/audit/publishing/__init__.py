"""A tenant's log as files that others verify: grown, signed and published outside the database."""
