"""`paas tokens:report`: a token's text comes from standard input or a prompt, and is never shown."""

import pytest

from tests.fakes.platform import Platform
from tests.unit.cli.conftest import Paas

LEAKED = "paas_pat_" + "c4n4ry" * 6


def test_a_text_from_standard_input_is_reported(paas: Paas, signed_in: Platform) -> None:
    signed_in.gateway.tokens.add(LEAKED)
    told = paas("tokens:report", stdin=f"  {LEAKED}\r\n".encode())
    assert told.exit_code == 0
    assert told.out == "Reported: if this is a token of this platform, it has ended, and all made with it.\n"
    assert LEAKED not in signed_in.gateway.tokens
    assert [request.secret for request in signed_in.gateway.calls("ReportToken")] == [LEAKED]
    assert paas("tokens:report", stdin=LEAKED.encode()).out == told.out, "as if there were one"
    assert "c4n4ry" not in told.out + told.err


@pytest.mark.parametrize("text", [b"", b"\n", b"ghp_c4n4ry", b"PAAS_TOKEN=paas_pat_c4n4ry", b"paas_pat_a paas_pat_b"])
def test_what_is_no_token_is_not_sent(paas: Paas, signed_in: Platform, text: bytes) -> None:
    refused = paas("tokens:report", stdin=text)
    assert (refused.exit_code, refused.out) == (1, "")
    assert "c4n4ry" not in refused.err
    assert signed_in.gateway.seen == []


def test_a_text_is_no_argument(paas: Paas, signed_in: Platform) -> None:
    refused = paas("tokens:report", LEAKED)
    assert refused.exit_code == 2
    assert "c4n4ry" not in refused.err
    assert signed_in.gateway.seen == []
