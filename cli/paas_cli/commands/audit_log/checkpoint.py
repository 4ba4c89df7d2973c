"""`paas audit:checkpoint`: what the log stands for just now, verified."""

import click

from paas_cli.command import command as declare
from paas_cli.errors import Misuse
from paas_cli.log import trust_options
from paas_cli.log.reading import LogReader, Seen, Trust
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible
from transparency.encoding import base64_of


@declare("audit:checkpoint", app=False)
@trust_options.policy_option
@trust_options.trust_key_option
@click.option("--raw", is_flag=True, help="Print the note as it was signed.")
def command(session: Session, *, policy: str | None, trust_key: str | None, raw: bool) -> None:
    """Show the audit log's checkpoint, verified.

    The log's size and root, as its key signed them. It has to go on from the checkpoint that was
    seen here last, which is remembered; give it to others, and they can tell whether they see
    the same log. The first key is trusted; --trust-key trusts another one that its operator told
    you of by another way. With --policy witnesses have to have cosigned.

    For example:
      paas audit:checkpoint
      paas audit:checkpoint --raw > monday.note
      paas audit:checkpoint --policy trusted.policy
    """
    if raw and session.as_json:
        raise Misuse("--raw and --json are two forms of one thing; choose one.")
    run(session, trust_options.trust(session, policy_file=policy, key=trust_key), raw=raw)


def run(session: Session, trust: Trust, *, raw: bool) -> None:
    """Look, print."""
    reader = LogReader(session, trust)
    seen = reader.look()
    reader.note_first(seen)
    if raw:
        session.out.raw(seen.note.decode())
    elif session.as_json:
        session.out.json(document(seen))
    else:
        checkpoint = seen.checkpoint
        session.out.facts(
            [
                ("origin", visible(checkpoint.origin)),
                ("size", str(checkpoint.size)),
                ("root", base64_of(checkpoint.root)),
                ("seen", times.of_seconds(seen.now.seen_at)),
                *(("key", visible(key.text)) for key in seen.believed.keys),
                *(("cosigned", f"{times.of_seconds(at)} {visible(name)}") for name, at in _cosigned(seen)),
            ]
        )


def document(seen: Seen) -> dict[str, object]:
    """A checkpoint as JSON shows it."""
    checkpoint = seen.checkpoint
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": base64_of(checkpoint.root),
        "seen_at": times.of_seconds(seen.now.seen_at),
        "keys": [key.text for key in seen.believed.keys],
        "cosigned": [{"witness": name, "at": times.of_seconds(at)} for name, at in _cosigned(seen)],
    }


def _cosigned(seen: Seen) -> list[tuple[str, int]]:
    return sorted(seen.believed.cosigned.items())
