"""Faults that the tests must notice, kept as data, and what puts each into a copy of the tree to see whether they do.

    python -m tests.mutations              # all of them, one after the other
    python -m tests.mutations keyring      # those that have the words in their file, fault or test
    python -m tests.mutations --security   # those that take out a security check

Each `*.toml` beside this file holds the faults of one part, an entry each:

    [[mutation]]
    fault = "what is wrong then, in a person's words"
    file = "services/secrets/keyring.py"
    text = "what is taken out: text that is in the file exactly once"
    replacement = "what is put in its place"
    test = "tests/unit/secrets/test_keys.py::test_that_must_go_red"
    security = "the security check that is taken out; left out where it is another kind of rule"

The test is the one nearest to the rule. An entry whose text is not in its file any more fails `make check`: move it
along with the code, or, where the rule is gone, take it out.
"""
