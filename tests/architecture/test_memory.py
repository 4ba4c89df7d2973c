"""Nothing grows for ever in a process's memory: every collection that lives as long as its owner is reviewed.

Found in the code: attributes that are dictionaries, sets or lists. What is said here of those that know tenants, apps,
tokens or requests is tested beside them.
"""

import ast
from collections.abc import Iterator
from typing import Final

from tests.architecture.sources import Source, sources

_COLLECTIONS: Final = {"dict", "set", "list", "defaultdict", "deque", "OrderedDict", "Mapping"}

# Why it can't grow with what users do, or until when it holds something. Reviewed.
_BOUNDED: Final = {
    "paaskit/batching.py _crowds": "swept once a second",
    "paaskit/batching.py _last_batch": "only of keys that are worked on",
    "paaskit/batching.py _running": "only of keys that are worked on",
    "paaskit/batching.py _tasks": "only while they run",
    "paaskit/batching.py _waiting": "only of requests under way",
    "paaskit/db/turns.py _taken": "only while they are held, one for each kind of work",
    "paaskit/errors.py metadata": "of one error",
    "paaskit/rotating_keys.py _keys": "the keys of one signer",
    "paaskit/identity.py _verified": "swept every ten seconds, 4096 at most",
    "paaskit/gate/bulkheads.py _waiting": "only of requests under way",
    "paaskit/gate/denials.py _windows": "until their windows end, 5000 at most",
    "paaskit/gate/denials.py targets": "of one window, 50 at most",
    "paaskit/gate/bulkheads.py _held": "of one request",
    "paaskit/gate/interceptor.py _parsers": "one for each method of the contract",
    "paaskit/gate/interceptor.py _running": "only of requests under way",
    "paaskit/gate/interceptor.py _wrapped": "one for each method of the contract",
    "paaskit/gate/sessions.py _open": "only of streams that are open",
    "paaskit/metrics/calls.py _codes": "one for each canonical code",
    "paaskit/outbox/courier.py _delivered": "emptied five times a second",
    "paaskit/outbox/standing.py _shown": "one for each destination",
    "paaskit/requests.py _rows": "of one look-up",
    "paaskit/wakeups.py _expected": "only of those who wait",
    "services/audit/publishing/witnesses.py _sizes": "4,096, those that were asked last",
    "services/audit/publishing/publisher.py _at_work": "tenants whose logs are being published",
    "services/audit/publishing/publisher.py _grown": "tenants whose logs grew in the last moments",
    "services/audit/sinks/delivery.py _due": "tenants with events that a sink has not got",
    "services/audit/sinks/delivery.py _grown": "tenants whose logs grew in the last moments",
    "services/audit/sinks/sending.py _deliveries": "one for each sink, three at most",
    "services/audit/turns.py _read": "of one turn, 50 at most",
    "services/audit/turns.py _waiting": "only of streams that wait for their turn",
    "services/config/neighbours.py _relays": "one for each destination",
    "services/config/neighbours.py _ways": "one for each destination",
    "services/config/store/look_together.py _apps": "of one look-up",
    "services/config/store/look_together.py _entries": "of one look-up",
    "services/releaser/runtimes/kubernetes/drifts.py _waiting": "one for each Deployment, until it is looked at",
    "services/releaser/runtimes/kubernetes/logs.py _readers": "one for each pod that writes while somebody follows",
    "services/releaser/runtimes/kubernetes/watching.py _namespaces": "one for each tenant with apps in the cluster",
    "services/releaser/runtimes/kubernetes/watching.py _standings": "one for each Deployment there is",
    "services/releaser/runtimes/local/instances.py _deaths": "one for each instance of an app that runs here",
    "services/releaser/runtimes/local/instances.py _mending": "one for each instance of an app that runs here",
    "services/releaser/runtimes/local/instances.py _processes": "one for each process that runs here",
    "services/releaser/runtimes/local/instances.py _tasks": "only while they run",
    "services/releaser/runtimes/local/instances.py _wanted": "one for each instance of an app that runs here",
    "services/releaser/runtimes/local/runs.py _runs": "of each instance those whose lines are shown",
    "services/releaser/runtimes/local/runtime.py _apps": "apps that run here",
    "services/releaser/runtimes/local/runtime.py _claimed": "200 ports",
    "services/releaser/runtimes/output.py _forms": "of one call, and none of what it masks is kept",
    "services/releaser/runtimes/output.py releases": "of one call",
    "services/releaser/store/order_book.py _registered": "4096 at most",
    "services/releaser/work/runner.py _failures": "of the last minute",
    "services/releaser/work/runner.py _following": "until its timer rings, a second later",
    "services/releaser/work/runner.py _parked": "until its timer rings, seconds later",
    "services/releaser/work/runner.py _removing": "only while it is removed",
    "services/releaser/work/runner.py _running": "as many as are worked on at once",
    "services/secrets/keys/keyring.py _held": "until its timer rings, five minutes later",
    "services/secrets/keys/shared.py _running": "only while it is asked for",
    "services/secrets/rotation/reencryption.py _walks": "one for each tenant whose values are being sealed anew",
    "services/secrets/upkeep/deliveries.py _waiting": "written once a second, 20,000 at most",
    "services/secrets/store/reveals.py _app_ids": "10,000 at most",
    "services/tokens/check/authentication.py _signed": "swept every twenty seconds, 4096 at most",
    "services/tokens/check/leases.py _leases": "swept once a second",
    "services/tokens/check/leases.py _under_way": "only while it is asked for",
    "services/tokens/check/look_ups.py _seen": "20,000 at most",
    "services/tokens/check/usage.py _denials": "written every five seconds, 1000 at most",
    "services/tokens/check/usage.py _denied_at": "those of the last minute from 1000 on",
    "services/tokens/check/usage.py _uses": "written every five seconds",
    "services/tokens/sso/authentication.py _verified": "swept every ten seconds, 4096 at most",
    "services/tokens/sso/sign_ins.py _events": "recorded every second, 1000 at most",
    "services/tokens/sso/sign_ins.py _known": "10,000 at most",
    "services/tokens/trusts/issuers.py _keys": "256 issuers at most",
    "services/tokens/flights.py _known": "only while it is under way, and a moment longer",
}


def _kept(source: Source) -> Iterator[str]:
    """The attributes of `self` in a file that are declared as a collection, or assigned one that is empty."""
    for node in ast.walk(source.tree):
        target: ast.expr | None = None
        made = False
        if isinstance(node, ast.AnnAssign):
            target = node.target
            kinds = ast.unparse(node.annotation).split(" | ")
            made = any(kind.partition("[")[0] in _COLLECTIONS for kind in kinds)
        elif isinstance(node, ast.Assign):
            target = node.targets[0]
            made = isinstance(
                node.value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.SetComp | ast.ListComp
            ) or (
                isinstance(node.value, ast.Call)
                and isinstance(node.value.func, ast.Name)
                and node.value.func.id in _COLLECTIONS
            )
        if made and isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
            yield f"{source.path} {target.attr}"


def test_every_collection_that_stays_is_reviewed() -> None:
    found = {each for source in sources("paaskit", "services") for each in _kept(source)}
    assert found - set(_BOUNDED) == set(), "say why it does not grow for ever"
    assert set(_BOUNDED) - found == set(), "is no more"


def test_no_cache_is_without_an_end() -> None:
    for source in sources("paaskit", "services"):
        assert not source.imports_any("functools.cache", "functools.cached_property"), source.path
        assert source.text.count("@lru_cache") == source.text.count("@lru_cache(maxsize=MOST"), source.path
