"""What the migrations leave in each service's database, written down to be read: `docs/schema/`."""
