"""Reading .env files: the dialect, line by line, and that a line that can't be read is an error with its number."""

from pathlib import Path

import pytest

from paas_cli.dotenv import docker, json_object, reading
from paas_cli.errors import Failure

NO_NAME = "has a name that no variable can have (letters, digits and _, not starting with a digit)"
DIFFERENT = "which readers take for different things"
RETURN = "has a carriage return in it: write a line feed, or the value in quotes"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1", {"A": "1"}),
        ("A=1\nB=2\n", {"A": "1", "B": "2"}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("export A=1\n  export\tB = 2 \n", {"A": "1", "B": "2"}),
        ("A=\nB= \nC=\t# comment\nD=''\n", {"A": "", "B": "", "C": "", "D": ""}),
        ("# A=0\n\n  # B=1\nA=1 # one\nB=1#2\nC=#3\nD=a # b # c\n", {"A": "1", "B": "1#2", "C": "#3", "D": "a"}),
        ("A='a # b' # c\nB=\"a # b\" # c\n", {"A": "a # b", "B": "a # b"}),
        (
            'A=\'it is \\n $X\'\nB="it\'s \\n\\t\\"x\\" \\\\ \\$X \\` \\d"\n',
            {"A": "it is \\n $X", "B": 'it\'s \n\t"x" \\ $X ` \\d'},
        ),
        ('A=`it\'s "x" \\n`\n', {"A": 'it\'s "x" \\n'}),
        ("A='one\ntwo'\nB=\"one\n\ntwo\"\nC=`one\ntwo`\n", {"A": "one\ntwo", "B": "one\n\ntwo", "C": "one\ntwo"}),
        ("A='one\r\ntwo'\r\nB=3\r\n", {"A": "one\ntwo", "B": "3"}),
        ("A='one\r\ntwo'\nB=3\n", {"A": "one\r\ntwo", "B": "3"}),
        ('A=it\'s\nB=say "hi"\n', {"A": "it's", "B": 'say "hi"'}),
        ("A=a=b==\nB = = \n", {"A": "a=b==", "B": "="}),
        ("A=C:\\dir\\n\n", {"A": "C:\\dir\\n"}),
        ("export A='it'\\''s'\n", {"A": "it's"}),
        # What most readers do; `docs/dotenv.md` says which.
        ("A=\"x\"#y\nB='x'#y\nC=`x`#y\n", {"A": "x", "B": "x", "C": "x"}),
        ("A=x\xa0\nB=\xa0x y\u2003\nC='x\xa0'\xa0\n\xa0D=1\n", {"A": "x", "B": "x y", "C": "x\xa0", "D": "1"}),
        ("A=1\rB='2'\r\r# c\rC=3\r", {"A": "1", "B": "2", "C": "3"}),
        ("A=1\r\r\nB=2\r\r\n", {"A": "1", "B": "2"}),
        ('A="x\ry"\nB=2\n', {"A": "x\ry", "B": "2"}),
        ("", {}),
    ],
)
def test_the_dialect(text: str, values: dict[str, str]) -> None:
    assert reading.read(text, source="f").values == values


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A=1\nB\n", "line 2 is not NAME=value"),
        ("A=1\n\n# x\nexport B\nC=1", "line 4 is not NAME=value"),
        ("1A=1", f"line 1 {NO_NAME}"),
        ("OK=1\nA-B=1\nexport spring.datasource.url = x", f"line 2 {NO_NAME}; line 3 {NO_NAME}"),
        ("A: 1", "line 1 is not NAME=value"),
        ("=1", "line 1 is not NAME=value"),
        ("A='one\ntwo\nB=2\n", "line 1 opens a quote that is never closed"),
        ('A=1\nB="x" y\n', "line 2 goes on after the closing quote"),
        ('A="one\ntwo" y\nB=1\n', "line 2 goes on after the closing quote"),
        (
            "A='Let\\'s go'\n",
            "line 1 has \\' in single quotes, which readers take for different things: use double quotes",
        ),
        ('A="""x"""\n', "line 1 has three quotes in a row, which readers take for different things: use one"),
        ("A='''x'''\n", "line 1 has three quotes in a row, which readers take for different things: use one"),
        ("A=x\rB=2\nC=3\n", f"line 1 {RETURN}"),
        ("A='x'\rB=2\nC=3\n", "line 1 goes on after the closing quote"),
        ("A='x' #\rB=2\nC=3\n", f"line 1 {RETURN}"),
        ("# x\rA=1\nC=3\n", f"line 1 {RETURN}"),
        ("A=1\n\ufeffB=2\n", "line 2 begins with a byte order mark, which only a file may"),
        ("x\ny\nA=1\nz\n", "line 1 is not NAME=value; line 2 is not NAME=value; line 4 is not NAME=value"),
    ],
)
def test_a_line_that_cannot_be_read_is_an_error_with_its_number(text: str, words: str) -> None:
    with pytest.raises(Failure) as caught:
        reading.read(text, source="my.env")
    assert caught.value.sentence == f"Nothing was imported from my.env: {words}."


def test_no_part_of_a_bad_line_is_shown() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEc4n4ry+/==\n-----END PRIVATE KEY-----\n"
    with pytest.raises(Failure) as caught:
        reading.read(f"KEY={key}", source="f")
    assert "MII" not in caught.value.sentence


def test_a_comment_right_after_a_quote_is_remarked_on() -> None:
    """A shell takes it for more of the value, so whoever meant that has to be told."""
    found = reading.read('A=1\nB="x"#y\nC="x" # y\n', source="f")
    assert found.remarks == ["Line 2: what follows the closing quote is taken for a comment."]


def test_interpolation_is_remarked_on_in_one_line_and_not_done() -> None:
    found = reading.read('A=1\nB=${A}\nC="x${A}"\nD=\'${A}\'\nE="\\${A}"\nF=$A\n', source="f")
    assert found.values == {"A": "1", "B": "${A}", "C": "x${A}", "D": "${A}", "E": "${A}", "F": "$A"}
    assert found.remarks == ["${...} is kept as it is written, nothing is filled in (B, C)."]


def test_of_a_repeated_name_the_last_value_counts_and_it_is_said() -> None:
    found = reading.read("A=1\nB=2\nA=3\n", source="f")
    assert found.values == {"A": "3", "B": "2"}
    assert found.remarks == ["A is in lines 1 and 3; the last value counts."]


def test_real_files() -> None:
    data = Path(__file__).parents[2] / "data"
    laravel = reading.read((data / "laravel.env").read_text(), source="laravel.env").values
    assert len(laravel) == 58
    assert (laravel["APP_KEY"], laravel["MAIL_FROM_NAME"]) == ("", "${APP_NAME}")
    mastodon = reading.read((data / "mastodon.env").read_text(), source="mastodon.env").values
    assert mastodon["S3_ALIAS_HOST"] == "files.example.com"
    assert mastodon["SECRET_KEY_BASE"] == ""


def test_docker_files_are_taken_literally() -> None:
    text = "\ufeff# c\nA='x' # y\n  B=\nC= z \r\n"
    assert docker.read(text, source="f").values == {"A": "'x' # y", "B": "", "C": " z "}
    with pytest.raises(Failure, match="line 2 is not NAME=value"):
        docker.read("A=1\nB\n", source="f")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "line 1 is not JSON"),
        ('{"A": c4n4ry}', "line 1 is not JSON"),
        ("[]", "not a JSON object"),
        ('{"A": 1, "B": "x", "c4n4ry==": null}', "A, a name must have text in quotes"),
        ('{"A": ' + "9" * 5000 + "}", "not a JSON object"),
        ('{"A": ' + "[" * 100000, "nested too deeply"),
    ],
)
def test_json_that_is_no_object_of_texts(text: str, words: str) -> None:
    with pytest.raises(Failure) as caught:
        json_object.read(text, source="f")
    assert words in caught.value.sentence
    assert "c4n4ry" not in caught.value.sentence
