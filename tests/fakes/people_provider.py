"""An identity provider as the pages of signing in see it: any code is somebody's, if it is asked for rightly."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.rpc import code_pb2

from dashboard.calls.refusals import Refusal
from dashboard.sessions.session import Grant, Person
from dashboard.sign_in.provider import Arrival, Attempt, Provider


@dataclass
class FakeProvider(Provider):
    """One at which whoever comes is `person`. Keeps what it was asked for."""

    person_now: Person
    issuer: str = "https://sso.example.com/realms/paas"
    begun: list[Attempt] = field(default_factory=list)
    asked_again: list[bool] = field(default_factory=list)
    # When whoever comes gave their password.
    authenticated_at: datetime = datetime(2026, 5, 4, tzinfo=UTC)
    bearer_ends_at: datetime | None = None
    signed_out: list[Grant] = field(default_factory=list)

    async def begin(self, attempt: Attempt, *, again: bool = False) -> str:
        """As `Provider`."""
        self.begun.append(attempt)
        self.asked_again.append(again)
        return f"{self.issuer}/auth?state={attempt.state}"

    async def finish(self, attempt: Attempt, *, code: str, address: str) -> Arrival:
        """As `Provider`: for the attempt that the code was given for alone."""
        if code != f"code for {attempt.nonce}":
            raise Refusal(code=code_pb2.UNAUTHENTICATED, sentence="Not accepted.")
        grant = Grant(bearer=f"access for {address}", bearer_ends_at=self.bearer_ends_at, refresh_token="refresh")
        return Arrival(person=self.person_now, grant=grant, authenticated_at=self.authenticated_at)

    async def sign_out(self, grant: Grant) -> None:
        """As `Provider`."""
        self.signed_out.append(grant)
