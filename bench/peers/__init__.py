"""The audited read of a secret beside OpenBao's, in pairs one right after the other; see `bench/load.py`."""
