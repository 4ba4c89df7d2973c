"""A gateway's address as it was typed or kept, which ends the command where it can't be used."""

from paas_cli.errors import Failure
from paas_transport import address
from paas_transport.address import Address


def parse(text: str, *, source: str) -> Address:
    """Read an address that came from `source`. Raises Failure where a token could not travel safely."""
    try:
        return address.parse(text, source=source)
    except address.Unusable as error:
        raise Failure(str(error)) from None
