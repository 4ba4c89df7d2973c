"""`paas witness`: cosign logs, this installation's and others', as long as each goes on from what was cosigned."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from paas_cli.command import command as declare
from paas_cli.errors import Failure, Interrupted, Misuse
from paas_cli.log import trust_options
from paas_cli.session import Session
from paas_cli.terminal import times
from paas_cli.terminal.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from paas_cli.witness.record import Record
    from transparency.notes.keys import VerifierKey

_LISTEN = re.compile(r"(?:\[([0-9A-Fa-f:]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})")
_NO_LIBRARY = (
    "A witness signs with the library cryptography, which is not installed: `pip install 'paas-cli[witness]'`."
)


@dataclass(frozen=True)
class WitnessOptions:
    """The key's file, where to listen, the folder of what was cosigned, and the keys of the logs."""

    key: str
    listen: tuple[str, int]
    state: str
    logs: "tuple[VerifierKey, ...]"


@declare("witness", app=False)
@click.option("--key", metavar="FILE", required=True, help="The file of the witness's private key.")
@click.option("--make-key", metavar="NAME", help="Make a key of this name in that file, print its public key, and end.")
@click.option("--listen", metavar="HOST:PORT", help="Where to listen; TLS is for what is in front of it.")
@click.option("--state", metavar="FOLDER", help="Where what was cosigned is kept; of this witness alone.")
@click.option("--log", "logs", multiple=True, metavar="KEY", help="The public key of a log to cosign; repeat for more.")
def command(
    session: Session,
    *,
    key: str,
    make_key: str | None,
    listen: str | None,
    state: str | None,
    logs: tuple[str, ...],
) -> None:
    r"""Cosign logs as an independent witness.

    Serves c2sp.org/tlog-witness: a log posts its checkpoint, and gets it cosigned if it goes on
    from the one that was cosigned before. Run it where whoever runs the log has no say, and
    give its public key to those who write policies. What was cosigned is kept in FOLDER; a
    witness that lost it could cosign another history, so back it up or make another key.
    It asks nothing of the gateway, and cosigns any log of this form.

    For example:
      paas witness --key witness.key --make-key witness.example.com/w1
      paas witness --key witness.key --listen 127.0.0.1:7400 --state kept \
        --log audit.example...
    """
    if make_key is not None:
        if listen is not None or state is not None or logs:
            raise Misuse("--make-key makes a key and ends; run the witness with it afterwards.")
        make(session, key, make_key)
        return
    if listen is None or state is None or not logs:
        raise Misuse("A witness needs --listen, --state and at least one --log; --make-key makes its key.")
    keys = tuple(trust_options.log_key(text) for text in logs)
    run(WitnessOptions(key, _address(listen), state, keys), session)


def make(session: Session, path: str, name: str) -> None:
    """Make a key, print its public key."""
    try:
        from paas_cli.witness import signing
    except ImportError:
        raise Failure(_NO_LIBRARY) from None
    vkey = signing.make(path, name).verifier.text
    session.surroundings.done()
    if session.as_json:
        session.out.json({"key": vkey, "listening": None})
    else:
        session.out.line(vkey)


def run(options: WitnessOptions, session: Session) -> None:
    """Serve until Ctrl-C."""
    try:
        from paas_cli.witness import signing
    except ImportError:
        raise Failure(_NO_LIBRARY) from None
    from paas_cli.witness.record import Record
    from paas_cli.witness.server import WitnessServer
    from transparency.witness import Witness

    key = signing.load(options.key)
    logs: dict[str, list[VerifierKey]] = {}
    for log in options.logs:
        logs.setdefault(log.name, []).append(log)
    now = session.surroundings.now
    witness = Witness(key.verifier, key, logs, signing.Ed25519(), lambda: int(now()))

    def log_line(text: str) -> None:
        session.err.line(f"{times.of_seconds(int(now()))} {text}")

    with Record(options.state) as record:
        _check_readable(record, logs, options.state)
        try:
            server = WitnessServer(options.listen, witness, record, log_line)
        except OSError as error:
            host, port = options.listen
            reason = (error.strerror or "unknown reason").lower()
            raise Failure(f"{visible(host)}:{port} can't be listened on: {reason}.") from None
        with server:
            address = f"http://{server.server_address[0]!s}:{server.server_port}"
            if session.as_json:
                session.out.json({"key": key.verifier.text, "listening": address}, indent=None)
            else:
                session.out.line(f"{visible(key.verifier.text)} listens on {address}")
            session.out.flush()
            try:
                server.serve_forever(poll_interval=0.2)
            except KeyboardInterrupt:
                raise Interrupted("Stopped; what was cosigned is kept.") from None


def _check_readable(record: "Record", logs: "Iterable[str]", folder: str) -> None:
    """Raise Failure now where what was cosigned of a log can't be read: nothing of it would ever be cosigned again."""
    from paas_cli.witness.record import Damaged

    for origin in logs:
        try:
            record.latest(origin)
        except (Damaged, OSError):
            raise Failure(
                f"What was cosigned of {visible(origin)} can't be read in {visible(folder)}; restore it from a backup, "
                "or make a new key, since this one could cosign another history."
            ) from None


def _address(text: str) -> tuple[str, int]:
    match = _LISTEN.fullmatch(text)
    if match is None or int(match[3]) > 65535:
        raise Misuse("--listen takes a host and a port, such as 127.0.0.1:7400.")
    return match[1] or match[2], int(match[3])
