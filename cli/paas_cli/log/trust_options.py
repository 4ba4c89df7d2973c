"""The options that say who is trusted to sign a log: a policy's file, or a key."""

from collections.abc import Callable
from typing import Any, Final

import click

from paas_cli.errors import Failure, Misuse
from paas_cli.files import given_input
from paas_cli.log.reading import Trust
from paas_cli.session import Session
from paas_cli.terminal.text import visible
from transparency import policy
from transparency.failures import Malformed
from transparency.notes.keys import Kind, VerifierKey, parsed_key
from transparency.policy import LARGEST_POLICY, Policy

Function = Callable[..., Any]
policy_option: Final[Callable[[Function], Function]] = click.option(
    "--policy", metavar="FILE", help="Which logs and witnesses to trust (c2sp.org/tlog-policy)."
)
trust_key_option: Final[Callable[[Function], Function]] = click.option(
    "--trust-key", metavar="KEY", help="Trust this key from now on, instead of the one remembered."
)


def trust(session: Session, *, policy_file: str | None, key: str | None) -> Trust:
    """Who is trusted. Raises Failure and Misuse."""
    if policy_file is not None and key is not None:
        raise Misuse("--policy and a key can't be given together: a policy names the log's keys itself.")
    return Trust(
        policy=read_policy(session, policy_file) if policy_file is not None else None,
        key=log_key(key) if key is not None else None,
    )


def read_policy(session: Session, file: str) -> Policy:
    """The policy in a file. Raises Failure where it is none."""
    try:
        return policy.parsed(given_input.read(file, session, most=LARGEST_POLICY))
    except Malformed as error:
        raise Failure(f"{visible(file)} is no policy: {error}.") from None


def log_key(text: str) -> VerifierKey:
    """The key of a log, as text. Raises Misuse."""
    try:
        key = parsed_key(text)
    except Malformed as error:
        raise Misuse(f"The key is not one of a log: {error}.") from None
    if key.kind is not Kind.ED25519:
        raise Misuse("The key is a witness's, and not one of a log.")
    return key
