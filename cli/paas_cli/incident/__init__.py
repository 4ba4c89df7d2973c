"""What somebody, or a token in the wrong hands, could have read and did, and what is left to do about it.

`facts` is what is known, `rules` what follows from it, both plain data without a call. `asking`, `suspects` and `state`
find out, from whatever `source` they are given; `words` are for whatever shows it. A page takes all of these as well as
a terminal does; `by_session`, `pasted`, `shown` and `document` are the terminal's alone.
"""
