"""Config vars and secrets changed together, as one release or none.

One call is one release by itself. Several go into the app's draft, which is then released, so that no instance starts
with half of it. The draft is one for all who work on the app: where others have staged something, this is refused and
not released along. What can't be staged as a whole is taken out of the draft again. What was to be staged alone stays
as far as it came: the same names may have been staged before, and that was acknowledged. Must not show a value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

from paas_cli import errors
from paas_cli.errors import Failure
from paas_cli.releases import changes, draft
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.session import Session
from paas_cli.variables import schema_verdict
from paas_transport import rpc_error

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from paas.config.v1.config_pb2 import Change, NameChange
    from paas.releaser.v1.releaser_pb2 import CreateReleaseResponse

CONFIG, SECRET = "config", "secret"

# After these it is not known whether a call had its effect.
_UNKNOWN = frozenset(
    rpc_error.NAMES[code]
    for code in (rpc_error.UNAVAILABLE, rpc_error.DEADLINE_EXCEEDED, rpc_error.INTERNAL, rpc_error.UNKNOWN)
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be: values by name, and names that are to be unset.

    A name in `unset_config` and `set_secrets` becomes a secret. `etag` is that of the listing of config vars which all
    this was worked out from; empty where it does not matter what has changed since.
    """

    set_config: Mapping[str, str] = field(default_factory=dict, repr=False)
    unset_config: Sequence[str] = ()
    set_secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    unset_secrets: Sequence[str] = ()
    etag: str = ""


@dataclass(frozen=True)
class _Part:
    """One call of what is wanted; `answer` is the type of its answer."""

    kind: str
    names: tuple[str, ...]
    path: str
    request: "Message" = field(repr=False)
    answer: Any


@dataclass(frozen=True)
class _Outcome:
    """What a part did, or would do."""

    part: _Part
    change: "Change"


def save(session: Session, wanted: Wanted, report: Report) -> None:
    """Make the change, tell of it as `report` words it and watch its release; a dry run only tells.

    Raises Failure: ABORTED among its details' codes where `etag` is not the current one. Nothing is changed then, nor
    where what is wanted is refused.
    """
    made, release = _made(session, wanted, report.options)
    changes.tell(session, *_told(made, release, report))
    schema_verdict.foretell(
        session,
        report.options,
        set_config=wanted.set_config,
        set_secrets=wanted.set_secrets,
        unset=(*wanted.unset_config, *wanted.unset_secrets),
    )


def _made(
    session: Session, wanted: Wanted, options: ReleaseOptions
) -> "tuple[list[_Outcome], CreateReleaseResponse | None]":
    parts = _parts(session, wanted)
    if len(parts) > 1:
        if not (options.stage or options.dry_run):
            draft.refuse_any(session)
        tried = [_Outcome(part, _tried(session, part, wanted, stage=options.stage)) for part in parts]
        if options.dry_run:
            return tried, None
        if not options.stage:  # what changes nothing is left out: one call that is left needs no draft
            parts = [each.part for each in tried if each.change.changes]
    if len(parts) > 1:
        made = _staged(session, parts, stays=options.stage)
        if options.stage or not _changes(made):
            return made, None
        return made, _released(session, made)
    return [
        _Outcome(part, _ask(session, part, stage=options.stage, validate_only=options.dry_run)) for part in parts
    ], None


def _parts(session: Session, wanted: Wanted) -> list[_Part]:
    from paas.config.v1 import config_pb2
    from paas.secrets.v1 import secrets_pb2

    config, secrets = "/paas.config.v1.ConfigService/", "/paas.secrets.v1.SecretsService/"
    app, parts = session.app, list[_Part]()
    if wanted.set_config:
        items = [config_pb2.Assignment(name=name, value=value) for name, value in wanted.set_config.items()]
        set_vars = config_pb2.SetVarsRequest(app=app, vars=items, etag=wanted.etag)
        parts.append(_Part(CONFIG, tuple(wanted.set_config), config + "SetVars", set_vars, config_pb2.SetVarsResponse))
    if wanted.unset_config:
        names = tuple(wanted.unset_config)
        unset_vars = config_pb2.UnsetVarsRequest(app=app, names=names, etag=wanted.etag)
        parts.append(_Part(CONFIG, names, config + "UnsetVars", unset_vars, config_pb2.UnsetVarsResponse))
    if wanted.set_secrets:
        sealed = [secrets_pb2.SecretAssignment(name=name, value=value) for name, value in wanted.set_secrets.items()]
        set_secrets = secrets_pb2.SetSecretsRequest(app=app, secrets=sealed)
        parts.append(
            _Part(
                SECRET, tuple(wanted.set_secrets), secrets + "SetSecrets", set_secrets, secrets_pb2.SetSecretsResponse
            )
        )
    if wanted.unset_secrets:
        names = tuple(wanted.unset_secrets)
        unset_secrets = secrets_pb2.UnsetSecretsRequest(app=app, names=names)
        parts.append(_Part(SECRET, names, secrets + "UnsetSecrets", unset_secrets, secrets_pb2.UnsetSecretsResponse))
    for part in parts:
        part.request.request_id = session.new_request_id()  # type: ignore[attr-defined]
    return parts


def _ask(session: Session, part: _Part, *, stage: bool = False, validate_only: bool, is_part: bool = False) -> "Change":
    request = type(part.request)()
    request.CopyFrom(part.request)
    request.stage, request.validate_only = stage, validate_only  # type: ignore[attr-defined]
    look = session.hint("staged" if stage else "config" if part.kind == CONFIG else "releases")
    change: Change = session.change(part.path, request, part.answer, look=look, is_part=is_part).change
    return change


def _tried(session: Session, part: _Part, wanted: Wanted, *, stage: bool) -> "Change":
    """What a part would do. A name that is a config var can be tried as a secret only once it is staged as none."""
    from paas.config.v1 import config_pb2

    moving = [name for name in wanted.set_secrets if name in wanted.unset_config]
    if not moving or not part.path.endswith("/SetSecrets"):
        return _ask(session, part, stage=stage, validate_only=True)
    rest = type(part.request)()
    rest.CopyFrom(part.request)
    kept = [item for item in rest.secrets if item.name not in moving]  # type: ignore[attr-defined]
    del rest.secrets[:]  # type: ignore[attr-defined]
    rest.secrets.extend(kept)  # type: ignore[attr-defined]
    change = config_pb2.Change()
    if kept:
        change = _ask(session, replace(part, request=rest), stage=stage, validate_only=True)
    change.changes.extend(config_pb2.NameChange(name=name, action=config_pb2.ACTION_ADDED) for name in moving)
    return change


def _staged(session: Session, parts: Sequence[_Part], *, stays: bool) -> list[_Outcome]:
    """Put all of it into the draft, or nothing unless it `stays`. Raises Failure."""
    made: list[_Outcome] = []
    begun: list[_Part] = []
    try:
        for part in parts:
            if begun and part.kind == CONFIG:
                part.request.etag = ""  # type: ignore[attr-defined]  # staging the first of them made another
            begun.append(part)
            made.append(_Outcome(part, _ask(session, part, stage=True, validate_only=False, is_part=True)))
    except (Failure, KeyboardInterrupt) as stop:
        if isinstance(stop, Failure) and not _is_unknown(stop):
            begun.pop()  # it is surely not there
        if stays:
            failure = _failure_of(stop)
            if begun:
                failure.sentence += f" What was staged of it until then stays; {session.hint('staged')} shows it."
            raise failure from None
        _taken_back(session, begun, stop)
    return made


def _released(session: Session, made: Sequence[_Outcome]) -> "CreateReleaseResponse":
    """Release the draft. Raises Failure."""
    try:
        return draft.release(session, {(change.name, part.kind == SECRET) for change, part in _changes(made)})
    except Failure as failure:
        if _is_unknown(failure):
            failure.sentence += f" {session.hint('staged')} shows what of it is staged and not released."
            raise
        _taken_back(session, [each.part for each in made], failure)


def _is_unknown(failure: Failure) -> bool:
    return failure.details.get("code", rpc_error.NAMES[rpc_error.UNKNOWN]) in _UNKNOWN


def _taken_back(session: Session, parts: Sequence[_Part], stop: Failure | KeyboardInterrupt) -> NoReturn:
    """Raise what stopped it, once what was staged is out of the draft again."""
    names = {kind: [name for part in parts if part.kind == kind for name in part.names] for kind in (CONFIG, SECRET)}
    left = draft.discard(session, names[CONFIG], names[SECRET])
    failure = _failure_of(stop)
    if left:
        discard = session.hint(f"staged:discard {' '.join(dict.fromkeys(left))}")
        failure.sentence += f" It may still be staged, and could not be taken out of the draft: {discard} does."
    else:
        failure.sentence += " Nothing of it is staged any more."
    raise failure from None


def _failure_of(stop: Failure | KeyboardInterrupt) -> Failure:
    if isinstance(stop, Failure):
        return stop
    return Failure("Interrupted; nothing was released.", exit_code=errors.INTERRUPTED)


def _changes(made: Sequence[_Outcome]) -> "list[tuple[NameChange, _Part]]":
    return [(change, each.part) for each in made for change in each.change.changes]


def _told(made: Sequence[_Outcome], release: "CreateReleaseResponse | None", report: Report) -> "tuple[Change, Report]":
    """All of it as one change, and how it is told."""
    from paas.config.v1 import config_pb2

    found = _changes(made)
    report = replace(report, kinds=tuple(part.kind for _, part in found))
    if len(made) == 1:
        return made[0].change, report
    change = config_pb2.Change(changes=[item for item, _ in found], release_status=config_pb2.RELEASE_STATUS_NONE)
    if release is not None:
        change.release_status, change.release = config_pb2.RELEASE_STATUS_QUEUED, release.release.number
    elif found and not report.options.dry_run:
        change.release_status = config_pb2.RELEASE_STATUS_STAGED
    return change, report
