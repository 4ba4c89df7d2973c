"""The call that opens an environment, read and written by hand, is the generated one. Leaves out the wire."""

from hypothesis import given
from hypothesis import strategies as st
from paas.secrets.v1 import secrets_pb2

from paas_cli.commands.running import revealed
from paas_cli.commands.running.environment import Variables

texts = st.text(max_size=30)
values = st.builds(secrets_pb2.EnvironmentValue, name=texts, value=texts, managed=st.booleans())


@given(
    answer=st.builds(
        secrets_pb2.RevealEnvironmentResponse,
        values=st.lists(values, max_size=5),
        version=st.integers(0, 2**63 - 1),
        audit_event_id=texts,
    )
)
def test_the_answer_read_by_hand_is_the_generated_one(answer: secrets_pb2.RevealEnvironmentResponse) -> None:
    read = revealed.Answer.FromString(answer.SerializeToString())
    assert [tuple(each) for each in read.values] == [(each.name, each.value, each.managed) for each in answer.values]
    assert read.version == answer.version


@given(app=texts, names=st.lists(st.text(min_size=1, max_size=30), max_size=4))
def test_the_request_written_by_hand_is_the_generated_one(app: str, names: list[str]) -> None:
    written = revealed.Request(app, tuple(names)).SerializeToString()
    wanted = secrets_pb2.RevealEnvironmentRequest(app=app, names=names)
    assert secrets_pb2.RevealEnvironmentRequest.FromString(written) == wanted


def test_no_value_is_in_what_is_printed_of_them() -> None:
    value = revealed.Value("S", "c4n4ry")
    for shown in (value, revealed.Answer((value,)), Variables({"A": "c4n4ry"}, {"S": "c4n4ry"})):
        assert "c4n4ry" not in repr(shown)
        assert "c4n4ry" not in f"{shown}"
