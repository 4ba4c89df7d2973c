"""How a `.env.schema` is read: what its decorators, comments and defaults mean, and what of a line is wrong.

Leaves out the types themselves (test_value_types) and what an environment is held against (test_checking).
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from env_schema import reading, writing
from env_schema.schema import MAX_BYTES, MAX_VARIABLES, UnreadableSchema, Variable


def only(text: str) -> Variable:
    """The one variable of a schema."""
    (variable,) = reading.read(text).variables.values()
    return variable


def faults(text: str) -> list[tuple[int, str]]:
    """What is wrong with a text, by line."""
    with pytest.raises(UnreadableSchema) as unreadable:
        reading.read(text)
    return [(fault.line, fault.text) for fault in unreadable.value.faults]


def test_the_beginning_of_a_usual_file() -> None:
    schema = reading.read(
        "# This file uses https://varlock.dev\n"
        "# @defaultSensitive=false @defaultRequired=infer\n"
        '# @generateTypes(lang="ts", path="env.d.ts")\n'
        "# @currentEnv=$APP_ENV\n"
        "# ---\n"
        "\n"
        "# @type=enum(dev, preview, prod)\n"
        "APP_ENV=dev\n"
        "\n"
        "# The key of the mail service.\n"
        '# @required @sensitive @type=string(startsWith=sk-) @docs("Keys", https://example.com/keys) # and more\n'
        "# Rotated each year.\n"
        "MAIL_KEY=\n"
        "RETRIES=3 # @optional\n"
    )
    environment, key, retries = schema.variables.values()
    assert (environment.type.name, environment.required, environment.default) == ("enum", True, "dev")
    assert (key.name, key.required, key.sensitive, key.default, key.line) == ("MAIL_KEY", True, True, None, 13)
    assert key.docs == "The key of the mail service.\nRotated each year."
    assert (retries.type.name, retries.required, retries.default) == ("number", False, "3")


@pytest.mark.parametrize(
    ("header", "above", "default", "required"),
    [
        ("", "", "x", True),
        ("", "", "", False),
        ("", "", "''", False),
        ("@defaultRequired=infer", "", "x", True),
        ("@defaultRequired", "", "", True),
        ("@defaultRequired=false", "", "x", False),
        ("@defaultRequired=true", "@optional", "", False),
        ("@defaultRequired=false", "@required", "", True),
        ("", "@required=false", "x", False),
        ("", "@optional=false", "", True),
    ],
)
def test_what_is_required(header: str, above: str, default: str, required: bool) -> None:
    assert only(f"# {header}\n# ---\n# {above}\nA={default}\n").required is required


@pytest.mark.parametrize(
    ("header", "above", "sensitive"),
    [
        ("", "", False),
        ("@defaultSensitive", "", True),
        ("@defaultSensitive=true", "@public", False),
        ("@defaultSensitive=true", "@sensitive=false", False),
        ("@defaultSensitive=false", "@sensitive", True),
        ("@defaultSensitive=inferFromPrefix(PUBLIC_)", "", True),
        ("@defaultSensitive=inferFromPrefix(A)", "", False),
    ],
)
def test_what_is_sensitive(header: str, above: str, sensitive: bool) -> None:
    assert only(f"# {header}\n\n# {above}\nA=\n").sensitive is sensitive


@pytest.mark.parametrize(
    ("right", "default", "type_"),
    [
        ("", None, "string"),
        ("  # a remark", None, "string"),
        ("undefined", None, "string"),
        ('""', None, "string"),
        ("  two words  # a remark", "two words", "string"),
        ("true", "true", "boolean"),
        ("-1.5", "-1.5", "number"),
        ("007", "007", "string"),
        ("1.50", "1.50", "string"),
        ('"3"', "3", "string"),
        (r'"a \"b\" # \n c" # remark', 'a "b" # \n c', "string"),
        (r"'it\'s $HOME \n'", "it's $HOME \\n", "string"),
        ("`a\"b'c`", "a\"b'c", "string"),
        ("cost$", "cost$", "string"),
    ],
)
def test_defaults(right: str, default: str | None, type_: str) -> None:
    variable = only(f"export A ={right}\r\n")
    assert (variable.default, variable.type.name) == (default, type_)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A", "is neither NAME= nor a comment"),
        ("A B=1", "is neither NAME= nor a comment"),
        ("2A=", "name that no variable can have"),
        ("A-B=", "name that no variable can have"),
        ("LD_PRELOAD=", "the linker's"),
        (f"{'A' * 129}=", "name that no variable can have"),
        ("A=b#c", "# within its default"),
        ("A=exec(`date`)", "function or refers"),
        ("A=ref(B)", "function or refers"),
        ('A="${B}"', "function or refers"),
        ("A=x-$B", "function or refers"),
        ("A=[a, b]", "list or an object"),
        ("A={b=1}", "list or an object"),
        ('A="x', "quote that is not closed"),
        ("A=```x", "three quotes"),
        ('A="x" y', "goes on after"),
        ("A= # @nope", "@nope, which is not known"),
    ],
)
def test_a_line_that_is_wrong(line: str, said: str) -> None:
    ((number, text),) = faults(f"OTHER=\n{line}\nLAST=\n")
    assert number == 2
    assert said in text


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("@requird", "@requird, which is not known"),
        ("@internal", "@internal, which is not known"),
        ("@required=yes", "neither true nor false"),
        ('@required="true"', "neither true nor false"),
        ("@required=forEnv(prod)", "a function or another variable"),
        ("@required=$OTHER", "a function or another variable"),
        ("@sensitive={preventLeaks=false}", "a function or another variable"),
        ("@required=", "nothing behind its ="),
        ("@required words", "words after a decorator"),
        ("@required-now", "behind @required that can't be read"),
        ("@required @required", "second @required"),
        ("@required @optional", "both @required and @optional"),
        ("@sensitive @public", "both @sensitive and @public"),
        ("@defaultRequired", "put a line `# ---`"),
        ("@type", "@type without a type"),
        ("@type=strng", "not one of string, number"),
        ('@type="number"', "in quotes"),
        ("@type=enum", "without members"),
        ("@type=enum(a, $B)", "another variable"),
        ("@type=enum(a", "not closed"),
        ("@type=array(email)", "not one of string, number"),
        ("@type=email(normalize=true)", "takes no argument"),
        ("@type=number(min=a)", "not a number"),
        ("@type=string(matches=/a+/)", "takes minLength, maxLength, isLength, startsWith, endsWith alone"),
        ("@type=string(minLength=1, minLength=2)", "gives minLength twice"),
        ("@type=number(min=5, max=1)", "has a min above its max, so that no number would do: change one of them"),
        ("@type=number(min=1.2, max=1.8, isInt=true)", "no whole number from its min to its max"),
        ("@type=port(min=9, max=8)", "leaves no port of 0 to 65535 with its min and max: change one of them"),
        ("@type=port(min=65536)", "leaves no port"),
        ("@type=port(max=-1)", "leaves no port"),
        ("@type=port(min=1.2, max=1.8)", "leaves no port"),
        ("@type=string(minLength=3, maxLength=2)", "asks with minLength for more than its maxLength"),
        ("@type=string(minLength=3, isLength=2)", "asks with minLength for more than its isLength"),
        ("@type=string(isLength=3, maxLength=2)", "asks with isLength for more than its maxLength"),
        ("@type=string(startsWith=sk-, maxLength=2)", "asks with startsWith for a text longer than its maxLength"),
        ("@type=string(endsWith=.eu, isLength=2)", "asks with endsWith for a text longer than its isLength"),
    ],
)
def test_a_decorator_that_is_wrong(comment: str, said: str) -> None:
    found = faults(f"# a variable\n# {comment}\nA=\n")
    assert [said in text for _, text in found] == [True], found
    assert found[0][0] == (3 if "both" in said else 2)


def test_decorators_above_no_variable() -> None:
    assert [line for line, _ in faults("# @required\n\nA=\n# @type=url\n# ---\nB=\n")] == [1, 4]


def test_a_name_twice_and_a_default_of_another_type() -> None:
    found = faults("A=1\nA=2\n# @type=port\nB=many\n# @sensitive\nC=c4n4ry\n")
    assert [line for line, _ in found] == [2, 4, 6]
    assert "line 1" in found[0][1]
    assert found[1][1] == "has a default for B that is not a port"
    assert "c4n4ry" not in str(found)
    assert "many" not in str(found)


def test_all_that_is_wrong_is_told_and_some_of_it_shown() -> None:
    with pytest.raises(UnreadableSchema) as unreadable:
        reading.read("2\n" * 7)
    assert len(unreadable.value.faults) == 7
    assert str(unreadable.value).startswith("Line 1 is neither NAME= nor a comment. Line 2 ")
    assert str(unreadable.value).endswith("And 2 more.")


def test_what_is_too_much() -> None:
    assert faults("A" * (MAX_BYTES + 1))[0][0] == 1
    assert faults("A=\0")[0][0] == 1
    reading.read("".join(f"A{n}=\n" for n in range(MAX_VARIABLES)))
    assert "more than 500" in faults("".join(f"A{n}=\n" for n in range(MAX_VARIABLES + 1)))[0][1]


PIECES = (
    *"#@=()[]{},'\"`\\$\n\r\t 4é😀\x85\u2028\ufeff",
    *("@required", "@type=enum(", "@sensitive", "@defaultSensitive=", "inferFromPrefix(", "string(", "min=", "number"),
    *("port", "ip(", "version=", "export ", "A=", "B=1", "---", "true", "false", "undefined", "\\n", '\\"'),
)
pieces = st.sampled_from(PIECES)


@given(st.lists(pieces | st.text(max_size=4), max_size=30).map("".join))
def test_any_text_is_a_schema_or_has_lines_that_are_wrong(text: str) -> None:
    lines = text.count("\n") + 1
    try:
        found = [variable.line for variable in reading.read(text).variables.values()]
    except UnreadableSchema as unreadable:
        found = [fault.line for fault in unreadable.faults] or [0]
    assert all(1 <= line <= lines for line in found)


names = st.from_regex(r"[A-Z_][A-Z0-9_]{0,12}", fullmatch=True).filter(lambda name: not name.startswith("LD_"))
values = st.sampled_from(["", "1", "true", "8080", "https://a.example", "a@b.example", "-2.5", "#", "$X"]) | st.text()


@given(st.dictionaries(names, values, max_size=8), st.sets(names, max_size=4))
def test_what_is_written_is_read_again(config: dict[str, str], secrets: set[str]) -> None:
    sealed = sorted(secrets - set(config))
    found = reading.read(writing.write(config, sealed)).variables
    assert list(found) == [*config, *sealed]
    for name, value in config.items():
        variable = found[name]
        assert (variable.required, variable.sensitive, variable.default) == (bool(value), False, None)
        assert not value or variable.type.fault(value) is None, "what an app has is as its first schema says"
    assert all(found[name].sensitive and found[name].required for name in sealed)


def test_a_written_schema() -> None:
    config = {"DEBUG": "true", "WORKERS": "1", "DB_PORT": "5432", "URL": "https://c4n4ry.example", "NOTE": "", "X": "y"}
    text = writing.write(config, ["API_KEY"])
    assert "c4n4ry" not in text
    assert text == (
        "# @defaultRequired=true @defaultSensitive=false\n# ---\n"
        "\n# @type=boolean\nDEBUG=\n\nWORKERS=\n\n# @type=port\nDB_PORT=\n\n# @type=url\nURL=\n"
        "\n# @optional\nNOTE=\n\nX=\n\n# @sensitive\nAPI_KEY=\n"
    )
