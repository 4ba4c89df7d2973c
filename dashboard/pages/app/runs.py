"""What an app runs, and what of it runs now: its spec, its instances, and what somebody changed past the platform."""

import asyncio

from starlette.responses import Response

from dashboard.calls import apps as calls
from dashboard.pages.app.heading import subject_of
from dashboard.pages.states import instance_kind, state_of
from dashboard.web.visit import Visit
from paas_cli.releases import app_spec
from paaskit.clock import random_id


async def show(visit: Visit) -> Response:
    """Show it."""
    app, caller = visit.place.name, visit.caller
    subject = await subject_of(visit)
    got = subject.app
    assert got is not None, "no page of a group says what it runs"
    release, instances, seen = await asyncio.gather(
        calls.newest_release(caller, app), calls.list_instances(caller, app), calls.glance(caller, app)
    )
    is_staged = bool(seen.staged) or got.HasField("staged_spec")
    return visit.page(
        "runs.html",
        here="apps",
        app=subject,
        tab="runs",
        state=state_of(release, instances),
        release=release,
        facts=[(name, value) for name, value in app_spec.words(got.app.spec).items() if value and name != "schema"],
        groups=got.app.spec.groups,
        schema=got.app.spec.schema,
        made_at=got.app.created_at,
        instances=[(each, instance_kind(each)) for each in instances.instances] if instances else None,
        drift=instances.drift if instances is not None and instances.HasField("drift") else None,
        is_staged=is_staged,
        # What is released anew is what is staged, where something is: that has a page of its own.
        may_restart=visit.person.may("releases.write") and not is_staged and release is not None,
        request_id=random_id(),
    )
