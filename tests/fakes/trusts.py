"""Trusts as those who end sign-ins know them."""

from collections.abc import Sequence

from paaskit.audit import Actor


class FakeTrusts:
    """Notes whose trusts were to end: the tenant, and the ids of the sign-ins they were made with."""

    def __init__(self) -> None:
        self.ended: list[tuple[str, Sequence[str]]] = []

    async def end_made_with(self, tenant: str, parents: Sequence[str], *, actor: Actor) -> None:
        """End the trusts that were made with sign-ins."""
        self.ended.append((tenant, list(parents)))
