"""Policies: what is one, what is none, and whose cosignatures are enough."""

import pytest

from paaskit.ed25519 import Ed25519
from tests.fixtures.written_log import ORIGIN, a_key, a_signer
from transparency.failures import Malformed, NotVerified
from transparency.merkle.hashing import leaf_hash
from transparency.notes import signed
from transparency.notes.checkpoints import Checkpoint, signed_checkpoint
from transparency.notes.keys import Kind, VerifierKey
from transparency.policy import LARGEST_POLICY, Policy, accepted, parsed

NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
WITNESSES = {name: a_key(f"witness.example/{name}", Kind.COSIGNATURE) for name in NAMES}
LOG = a_key()
EXAMPLE = "\n".join(
    [
        "# As in the specification.",
        f"log {LOG.text} https://audit.example/",
        "",
        *(f"witness {name} {WITNESSES[name].text}" for name in NAMES),
        "group X-witnesses 2 X1 X2 X3",
        " \tgroup\tY-witnesses  any Y1 Y2 Y3\t ",
        "  # and both",
        "group X-and-Y all X-witnesses Y-witnesses",
        "quorum X-and-Y",
        "",
    ]
)
DEFINED = f"log {LOG.text}\nwitness a {WITNESSES['X1'].text}\nwitness b {WITNESSES['X2'].text} https://w.example/\n"


def a_note(*names: str, time: int = 5) -> signed.SignedNote:
    note = signed_checkpoint(size=3, root=leaf_hash(b""), key=LOG, signer=a_signer(ORIGIN))
    return note.with_signatures(
        signed.cosigned(note.text, WITNESSES[name], a_signer(WITNESSES[name].name), time=time) for name in names
    )


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ("", False),
        ("X1 X2", False),
        ("X1 Y1", False),
        ("Y1 Y2 Y3", False),
        ("X1 X2 Y3", True),
        ("X2 X3 Y1", True),
        ("X1 X2 X3 Y1 Y2 Y3", True),
    ],
)
def test_the_example_of_the_specification(names: str, *, enough: bool) -> None:
    policy = parsed(EXAMPLE.encode())
    content = a_note(*names.split()).encoded()
    if enough:
        found = accepted(content, policy, Ed25519())
        assert found.opened.checkpoint == Checkpoint(ORIGIN, 3, leaf_hash(b""))
        assert found.seen == dict.fromkeys(names.split(), 5)
    else:
        with pytest.raises(NotVerified, match="as many witnesses"):
            accepted(content, policy, Ed25519())


@pytest.mark.parametrize(
    ("rest", "needed"),
    [
        ("quorum none", set()),
        ("quorum a", {"a"}),
        ("group g all a b\nquorum g", {"a", "b"}),
        ("group g 2 a b\nquorum g", {"a", "b"}),
        ("group g 1 a\nquorum g", {"a"}),
        ("group g any a\ngroup h any g\nquorum h\n# the end", {"a"}),
        ("quorum a\ngroup g all a b", {"a"}),
    ],
)
def test_what_is_enough(rest: str, needed: set[str]) -> None:
    policy = parsed((DEFINED + rest).encode())
    assert policy.logs == (LOG,)
    keys = {policy.witnesses[name] for name in needed}
    assert policy.is_satisfied_by(keys)
    assert policy.is_satisfied_by({*keys, *policy.witnesses.values()})
    assert not any(policy.is_satisfied_by(keys - {key}) for key in keys)


@pytest.mark.parametrize(
    ("rest", "line"),
    [
        ("", None),
        ("\n\n", None),
        ("group g any a\n", None),
        ("quorum none\nquorum none", 5),
        ("quorum", 4),
        ("quorum a b", 4),
        ("quorum c", 4),
        ("quorum g\ngroup g any a", 4),
        ("group g any\nquorum g", 4),
        ("group g\nquorum none", 4),
        ("group g 0 a\nquorum g", 4),
        ("group g 2 a\nquorum g", 4),
        ("group g 01 a\nquorum g", 4),
        ("group g -1 a\nquorum g", 4),
        ("group g +1 a\nquorum g", 4),
        ("group g some a\nquorum g", 4),
        ("group g ANY a\nquorum g", 4),
        ("group g any a a\nquorum g", 4),
        ("group g any a\ngroup h any a\nquorum g", 5),
        ("group g any g\nquorum g", 4),
        ("group g any none\nquorum g", 4),
        ("group none any a\nquorum none", 4),
        ("group a any b\nquorum a", 4),
        ("group g any a\ngroup g any b\nquorum g", 5),
        (f"witness a {WITNESSES['X3'].text}\nquorum a", 4),
        (f"witness none {WITNESSES['X3'].text}\nquorum none", 4),
        (f"witness c {WITNESSES['X1'].text}\nquorum none", 4),
        (f"witness c {a_key('witness.example/X3').text}\nquorum none", 4),
        ("witness c\nquorum none", 4),
        ("witness c x\nquorum none", 4),
        (f"witness c {WITNESSES['X3'].text} url more\nquorum none", 4),
        (f"log {LOG.text}\nquorum none", 4),
        (f"log {VerifierKey('another', Kind.ED25519, LOG.public_key).text}\nquorum none", 4),
        (f"log {WITNESSES['X3'].text}\nquorum none", 4),
        (f"log {a_key('b').text} url more\nquorum none", 4),
        ("log\nquorum none", 4),
        ("Quorum none", 4),
        ("quorum: none", 4),
        ("nonsense\nquorum none", 4),
        ("quorum none\r\n", 4),
        ("quorum none \x0b", 4),
        ("# a comment \x00\nquorum none", 4),
        ("# a comment \x7f\nquorum none", 4),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(rest: str, line: int | None) -> None:
    with pytest.raises(Malformed, match="no quorum line" if line is None else f"line {line} of the policy: "):
        parsed((DEFINED + rest).encode())


def test_names_are_octets() -> None:
    kelvin, latin, not_utf8 = b"\xe2\x84\xaa", b"K", b"\xff\xfe"
    lines = [
        b"witness %s %s" % (name, a_key(f"w{at}", Kind.COSIGNATURE).text.encode())
        for at, name in enumerate((kelvin, latin, not_utf8))
    ]
    policy = parsed(b"\n".join([*lines, b"group g 2 \xff\xfe K", b"quorum g", b""]))
    assert len(policy.witnesses) == 3
    assert policy.is_satisfied_by({a_key("w1", Kind.COSIGNATURE), a_key("w2", Kind.COSIGNATURE)})
    assert not policy.is_satisfied_by({a_key("w0", Kind.COSIGNATURE), a_key("w2", Kind.COSIGNATURE)})
    with pytest.raises(Malformed, match="line 1 of the policy: the name of a key"):
        parsed(b"log \xff+00000000+" + LOG.text.split("+", 2)[2].encode() + b"\nquorum none\n")


def test_large_policies_are_read_and_larger_ones_are_not() -> None:
    names = [f"w{number}" for number in range(100)]
    lines = [f"witness {name} {a_key(name, Kind.COSIGNATURE).text}" for name in names]
    lines += [f"group {name}-alone all {name}" for name in names]
    lines += [f"log {a_key(f'log{number}').text}" for number in range(100)]
    lines += ["group all-of-them 51 " + " ".join(f"{name}-alone" for name in names), "quorum all-of-them"]
    policy = parsed("\n".join(lines).encode())
    keys = list(policy.witnesses.values())
    assert policy.is_satisfied_by(keys[:51])
    assert not policy.is_satisfied_by(keys[:50])
    with pytest.raises(Malformed, match="more than"):
        parsed(b"#" * (LARGEST_POLICY + 1))


def test_a_checkpoint_of_a_log_that_is_not_listed_is_refused() -> None:
    with pytest.raises(NotVerified, match="not signed by a log"):
        accepted(a_note("X1").encoded(), Policy((), WITNESSES, quorum="X1"), Ed25519())
    with pytest.raises(NotVerified, match="no signature of a key that is known"):
        accepted(a_note("X1").encoded(), Policy((a_key("b"),)), Ed25519())


def test_another_listed_log_does_not_sign_for_this_one() -> None:
    other = a_key("log.example/other")
    note = signed.signed(Checkpoint(ORIGIN, 3, leaf_hash(b"")).text, other, a_signer(other.name))
    with pytest.raises(NotVerified):
        accepted(note.encoded(), Policy((LOG, other)), Ed25519())


def test_a_bad_cosignature_of_a_known_witness_is_no_missing_one() -> None:
    note = a_note("X1")
    bad = signed.Signature(WITNESSES["X2"].name, WITNESSES["X2"].key_id, bytes(72))
    policy = Policy((LOG,), {"a": WITNESSES["X1"], "b": WITNESSES["X2"]}, quorum="a")
    assert accepted(note.encoded(), policy, Ed25519()).seen == {"a": 5}
    with pytest.raises(NotVerified, match="a signature of a known key is not one of this note"):
        accepted(note.with_signatures([bad]).encoded(), policy, Ed25519())
