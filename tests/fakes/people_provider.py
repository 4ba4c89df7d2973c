"""An identity provider as the pages of signing in see it: any code is somebody's, if it is asked for rightly."""

from dataclasses import dataclass, field

from google.rpc import code_pb2

from dashboard.calls.refusals import Refusal
from dashboard.sessions.session import Grant, Person
from dashboard.sign_in.provider import Attempt, Provider


@dataclass
class FakeProvider(Provider):
    """One at which whoever comes is `person`. Keeps what it was asked for."""

    person_now: Person
    issuer: str = "https://sso.example.com/realms/paas"
    begun: list[Attempt] = field(default_factory=list)
    signed_out: list[Grant] = field(default_factory=list)

    async def begin(self, attempt: Attempt) -> str:
        """As `Provider`."""
        self.begun.append(attempt)
        return f"{self.issuer}/auth?state={attempt.state}"

    async def finish(self, attempt: Attempt, *, code: str, address: str) -> tuple[Person, Grant]:
        """As `Provider`: for the attempt that the code was given for alone."""
        if code != f"code for {attempt.nonce}":
            raise Refusal(code=code_pb2.UNAUTHENTICATED, sentence="Not accepted.")
        return self.person_now, Grant(bearer=f"access for {address}", refresh_token="refresh")

    async def sign_out(self, grant: Grant) -> None:
        """As `Provider`."""
        self.signed_out.append(grant)
