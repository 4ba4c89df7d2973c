"""What somebody, or a token in the wrong hands, could have read and did, and what is left to do about it.

`facts` is what is known, `rules` what follows from it, both plain data without a call: whatever shows an incident, in a
terminal or on a page, takes them. `asking`, `suspects` and `state` find out; `shown` and `document` tell.
"""
