"""The one-machine stack: PostgreSQL, the five services and the gateway as processes of this machine.

Everything it keeps is under one state folder (`.paas`). No service knows that it exists: it hands them the
same environment variables that a cluster would.
"""
