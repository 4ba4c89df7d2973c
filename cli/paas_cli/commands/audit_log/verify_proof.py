"""`paas audit:verify-proof`: is what a file proves so? Without asking anybody."""

from dataclasses import dataclass

import click

from paas_cli.command import command as declare
from paas_cli.errors import Failure
from paas_cli.files import given_input
from paas_cli.log import event_shown, proofs, trust_options
from paas_cli.log.kept import Memory
from paas_cli.log.proofs import Proven
from paas_cli.log.reading import Trust
from paas_cli.log.refusals import LogRefused
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible
from transparency import receipts
from transparency.encoding import base64_of
from transparency.failures import NotVerified
from transparency.notes import checkpoints, signed
from transparency.notes.checkpoints import Checkpoint
from transparency.notes.signed import LARGEST_NOTE
from transparency.policy import Policy


@dataclass(frozen=True)
class ProofOptions:
    """The file (`-` is standard input), and who is trusted; else the keys that are remembered."""

    file: str
    trust: Trust


@declare("audit:verify-proof", app=False)
@click.argument("file", metavar="FILE")
@trust_options.policy_option
@click.option("--key", metavar="KEY", help="The log's key; else the one remembered.")
def command(session: Session, *, file: str, policy: str | None, key: str | None) -> None:
    """Verify a proof, offline.

    FILE is what `--proof` of another command wrote: an event, the proof that it is in a log, and
    the log's signed checkpoint. Nothing is asked of anybody and nobody needs to be signed in.
    The log's key is the one that was seen here before, unless --key or --policy names it.

    For example:
      paas audit:verify-proof reveal.tlog-proof
      paas audit:verify-proof reveal.tlog-proof --policy trusted.policy
    """
    run(ProofOptions(file, trust_options.trust(session, policy_file=policy, key=key)), session)


def run(options: ProofOptions, session: Session) -> None:
    """Read, verify, tell."""
    content = given_input.read(options.file, session, most=2 * LARGEST_NOTE)
    try:
        checkpoint = checkpoints.parsed(signed.parsed(receipts.parsed(content).checkpoint).text)
        proven = proofs.proven(content, _policy(options, checkpoint, session))
        _check_as_remembered(checkpoint, session)
    except NotVerified as error:
        shown = "standard input" if options.file == "-" else visible(options.file)
        raise LogRefused(f"{shown} proves nothing: {error}.") from None
    if session.as_json:
        session.out.json(_document(proven))
        return
    mark, number = session.out.styled("✓", "green"), proven.index + 1
    session.out.line(f"{mark} This is event {number:,} of the log {visible(checkpoint.origin)}.")
    cosigned = [("cosigned", f"{times.of_seconds(at)} {visible(name)}") for name, at in _cosigned(proven)]
    session.out.facts([*event_shown.facts(proven.event), *cosigned])


def _policy(options: ProofOptions, checkpoint: Checkpoint, session: Session) -> Policy:
    if options.trust.policy is not None:
        return options.trust.policy
    if options.trust.key is not None:
        return Policy((options.trust.key,))
    kept = Memory(session.surroundings.environ).read(checkpoint.origin)
    if kept is None:
        raise Failure(
            f"The key of the log {visible(checkpoint.origin)} is not known here; name it with --key, as its operator "
            "told you, or with --policy."
        )
    return Policy(kept.keys)


def _check_as_remembered(checkpoint: Checkpoint, session: Session) -> None:
    """Raise NotVerified where the log has been seen with another root at this very size."""
    kept = Memory(session.surroundings.environ).read(checkpoint.origin)
    if kept is not None and kept.checkpoint.size == checkpoint.size and kept.checkpoint.root != checkpoint.root:
        raise NotVerified("its log was seen here with another root at this size, so that it has two histories")


def _document(proven: Proven) -> dict[str, object]:
    checkpoint = proven.accepted.opened.checkpoint
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": base64_of(checkpoint.root),
        "index": proven.index,
        "event": proven.event,
        "cosigned": [{"witness": name, "at": times.of_seconds(at)} for name, at in _cosigned(proven)],
    }


def _cosigned(proven: Proven) -> list[tuple[str, int]]:
    return sorted(proven.accepted.seen.items())
