"""What an app asks of its variables, as a file `.env.schema` says it: the part of @env-spec that can be checked here.

It is for who keeps such a file with an app, who checks an app or a `.env` against it, and who releases; so it is
Python's standard library alone. It is pure, knows no app, and never puts a value of a variable into a text.
The format's own pages: https://varlock.dev/env-spec and https://varlock.dev/reference.
"""
