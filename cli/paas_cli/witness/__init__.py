"""A witness (c2sp.org/tlog-witness): cosigns what logs that it knows have signed, as long as each goes on from itself.

What is answered is decided in `transparency.witness`; here is the key, what is kept, and HTTP.
"""
