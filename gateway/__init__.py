"""The gateway: Envoy's configuration, built by pure functions and never by hand, and in `process` what runs it.

It decides what is reachable from outside and with which sign-in check. It must not hold business rules, and outside of
`process` nothing here starts a process or opens a file.
"""
