"""The outbox: relays, the courier, parked rows, and how it is seen."""
