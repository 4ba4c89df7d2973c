"""Logs that anybody can verify, in the formats of C2SP (c2sp.org): trees, tiles, checkpoints, witnesses, receipts.

It is for who writes such a log and for who reads one, and is Python's standard library alone, so that a verifier needs
nothing of ours beside it. Ed25519 is not in there: whoever calls passes it in (`notes.keys`). It knows no tenant and no
event, opens no file and no connection: what is fetched comes from a callable, what is kept is the caller's.
"""
