"""What add-ons ask for: attaching and detaching their variables; and settling what broke off."""

import asyncio
from contextlib import suppress
from typing import Final

from paaskit.audit import Actor
from paaskit.changes import Answer, Change, Mutation
from paaskit.clock import Clock, IdSource
from paaskit.errors import NotFound, PaasError, Unavailable
from paaskit.requests import RequestKey, check_request_id, fingerprint
from paaskit.variables import refuse, violations_of
from services.config.domain import ById, Needs, Snapshot
from services.config.neighbours import Post, Vault
from services.config.rules.managed import (
    ATTACHMENT,
    BUSY,
    Managed,
    check_managed,
    decide_begin,
    decide_break_off,
    decide_complete,
    decide_detach,
    deletions,
)
from services.config.rules.mutations import Doing, Mutations
from services.config.store.changes import Store
from services.config.store.left_over import LeftOver

_TRIES: Final = 15
_PAUSE_SECONDS: Final = 0.2
_LEFT_AFTER_SECONDS: Final = 60.0
"""Longer than secrets can be at storing a value: what it was asked for has happened by then, or never will."""
_LOOK_EVERY_SECONDS: Final = 5.0


class Addons:
    """What add-ons ask for."""

    def __init__(
        self,
        store: Store,
        left_over: LeftOver,
        mutations: Mutations,
        *,
        vault: Vault,
        post: Post,
        new_id: IdSource,
        clock: Clock,
    ) -> None:
        self._store = store
        self._left_over = left_over
        self._mutations = mutations
        self._vault = vault
        self._post = post
        self._new_id = new_id
        self._clock = clock

    async def attach(self, actor: Actor, order: Mutation, wanted: Managed) -> Change:
        """Attach a managed variable or replace its value.

        Raises InvalidInput, NotFound, Refused, LimitExceeded, or Unavailable: then the same request may be sent again.
        """
        refuse([check_request_id(order.request_id)])
        check_managed(wanted)
        doing = self._doing(actor, "addons.attach", order.request_id)
        # The value is told apart by secrets, which alone may keep what it could be guessed from.
        request = self._key(doing, wanted.name, wanted.addon, wanted.display)
        snapshot, answer = await self._begin(doing, order, wanted, request)
        known = "version" in answer
        if known and not _is_current(snapshot, wanted, answer):
            return await self._mutations.released(actor, snapshot.app, answer)
        where, attachment_id = ById(tenant=actor.tenant, app_id=snapshot.app.app_id), answer[ATTACHMENT]
        try:
            differs, secrets_version = await self._vault.store_managed(
                actor.tenant,
                app_id=where.app_id,
                app=snapshot.app.name,
                name=wanted.name,
                value=wanted.value,
                attachment_id=attachment_id,
            )
        except Unavailable:
            raise  # it may be stored all the same: the same request joins this one, or the job settles it
        except PaasError:
            if not known:
                await self._break_off(doing, where, wanted.name, attachment_id, refused=True)
            raise
        if not known:
            snapshot, answer = await self._store.change(
                where,
                needs=_needs(wanted.name),
                request=request,
                decide=lambda found: decide_complete(
                    doing,
                    found,
                    wanted,
                    attachment_id=attachment_id,
                    differs=differs,
                    secrets_version=secrets_version,
                ),
            )
        return await self._mutations.released(actor, snapshot.app, answer)

    async def detach(self, actor: Actor, order: Mutation, *, addon: str, name: str) -> Change:
        """Detach a managed variable; one that is not there changes nothing. Raises InvalidInput, NotFound, Refused."""
        refuse([check_request_id(order.request_id), *violations_of([name], field="name")])
        doing = self._doing(actor, "addons.detach", order.request_id)
        snapshot, answer = await self._store.change(
            order.app,
            needs=_needs(name),
            request=self._key(doing, name, addon),
            decide=lambda found: decide_detach(doing, found, name, addon=addon),
        )
        for message in deletions(actor.tenant, snapshot.app, name, answer):
            await self._post.send(message)
        return await self._mutations.released(actor, snapshot.app, answer)

    async def run(self) -> None:
        """Settle for ever what broke off."""
        while True:
            with suppress(Unavailable):  # the database is away: requests say so, and nothing can be settled meanwhile
                await self.settle()
            await asyncio.sleep(_LOOK_EVERY_SECONDS)

    async def settle(self) -> int:
        """Settle attachings that nobody is at any more; return how many. Raises Unavailable."""
        found = await self._left_over.attachings(older_than_seconds=_LEFT_AFTER_SECONDS)
        for each in found:
            actor = Actor(tenant=each.tenant, name="service:config")
            where = ById(tenant=each.tenant, app_id=each.app_id)
            with suppress(NotFound):  # the app was destroyed just now, and with it what is left
                await self._break_off(
                    self._doing(actor, "addons.attach", ""), where, each.name, each.attachment_id, refused=False
                )
        return len(found)

    async def _begin(
        self, doing: Doing, order: Mutation, wanted: Managed, request: RequestKey
    ) -> tuple[Snapshot, Answer]:
        """Begin an attaching, join that of an equal request, or return what it was answered. Others are waited for."""
        attachment_id = self._new_id()
        for _ in range(_TRIES):
            snapshot, answer = await self._store.change(
                order.app,
                needs=_needs(wanted.name),
                request=request,
                decide=lambda found: decide_begin(doing, found, wanted, attachment_id=attachment_id),
            )
            if BUSY not in answer:
                return snapshot, answer
            await asyncio.sleep(_PAUSE_SECONDS)
        raise Unavailable(
            f"Another attaching of {wanted.name} is under way. Try again in a moment.",
            reason="BUSY",
            metadata={"service": "config"},
        )

    async def _break_off(self, doing: Doing, where: ById, name: str, attachment_id: str, *, refused: bool) -> None:
        await self._store.change(
            where,
            needs=_needs(name),
            decide=lambda found: decide_break_off(doing, found, name, attachment_id=attachment_id, refused=refused),
        )

    def _doing(self, actor: Actor, action: str, request_id: str) -> Doing:
        return Doing(actor=actor, action=action, request_id=request_id, change_id=self._new_id(), at=self._clock())

    def _key(self, doing: Doing, *asked: str) -> RequestKey:
        return RequestKey(
            request_id=doing.request_id,
            subject=doing.actor.credential,
            method=doing.action,
            fingerprint=fingerprint(*asked),
        )


def _needs(name: str) -> Needs:
    return Needs(names=[name], drafts=[name], attaching=name)


def _is_current(snapshot: Snapshot, wanted: Managed, answer: Answer) -> bool:
    """Whether a variable still has the value of the attaching that `answer` is about."""
    present = snapshot.current.get(wanted.name)
    return present is not None and present.claims == (answer[ATTACHMENT],)
