"""The one-machine stack: PostgreSQL, the five services, the sign-in check and the gateway as processes.

Everything it keeps is under one state folder (`.paas`). No service knows that it exists: it hands them the
same environment variables that a cluster would.
"""
