"""Secrets set in one call, told of and followed: what `secrets:set` and `secrets:import` share. No value is shown."""

from collections.abc import Mapping

from paas_cli.releases import changes
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.session import Session
from paas_cli.typed.ends import Terms
from paas_cli.variables import expiry, schema_verdict


def save(
    session: Session, values: Mapping[str, str], options: ReleaseOptions, terms: Terms, *, of_a_file: bool = False
) -> None:
    """Seal, report. Raises Failure. The report on a file has the kind of each variable."""
    from paas.secrets.v1 import secrets_pb2

    request = secrets_pb2.SetSecretsRequest(
        request_id=session.new_request_id(),
        app=session.app,
        secrets=[secrets_pb2.SecretAssignment(name=name, value=value) for name, value in values.items()],
        stage=options.stage,
        validate_only=options.dry_run,
    )
    expiry.put(request, terms)
    path, look = "/paas.secrets.v1.SecretsService/SetSecrets", session.hint("staged" if options.stage else "releases")
    answer = session.change(path, request, secrets_pb2.SetSecretsResponse, look=look)
    saved = expiry.Saved(answer.expires_at, answer.kept, None if terms.end is None else terms.end.span)
    kinds = ("secret",) * len(answer.change.changes) if of_a_file else ()
    more = saved.document() if terms and not options.dry_run else {}
    changes.tell(session, answer.change, Report(verb="Set", options=options, secret=True, kinds=kinds, more=more))
    saved.tell(session, staged=options.stage)
    schema_verdict.foretell(session, options, set_secrets=values)
