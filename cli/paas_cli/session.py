"""What one run of a command has at hand: its options, its streams, the app and calls to the gateway.

Nothing is read or opened before it is asked for: `paas config:set --help` needs no sign-in. Must not hold the
rules of any command.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from paas_cli import __version__, app_choice, hints, profile, project
from paas_cli.errors import Failure, Interrupted
from paas_cli.grpcweb import Answer, Channel, Encodable
from paas_cli.output import Output
from paas_cli.rpc_error import UNAUTHENTICATED, RpcError, SignInRenewed

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from paas_cli.refusals import Effect
    from paas_cli.sso.credential import Credential


@dataclass(frozen=True)
class Surroundings:
    """The world outside the process, passed in so that tests can bring their own.

    `done` is told once what was asked for is done; `new_id` makes request ids; `sleep` takes seconds; `now` gives the
    seconds since 1970.
    """

    environ: Mapping[str, str]
    folder: str
    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    done: Callable[[], None]
    new_id: Callable[[], str]
    sleep: Callable[[float], None]
    now: Callable[[], float]


class Session:
    """One run of one command."""

    def __init__(
        self, surroundings: Surroundings, *, app: str | None = None, profile: str | None = None, as_json: bool = False
    ) -> None:
        self.surroundings = surroundings
        self.app_flag = app
        self.profile_flag = profile
        self.as_json = as_json
        self.out = Output(surroundings.stdout, surroundings.environ)
        self.err = Output(surroundings.stderr, surroundings.environ)
        self._token_ends: int | None = None
        self._is_end_noted = False

    @cached_property
    def project(self) -> project.Project | None:
        """The nearest `.paas.toml`."""
        return project.nearest(self.surroundings.folder)

    @cached_property
    def app(self) -> str:
        """The app the command is about. Raises Misuse where none is chosen."""
        return app_choice.choose(self.app_flag, self.surroundings.environ, project=lambda: self.project)

    def hint(self, words: str, *, about_app: bool = True) -> str:
        """`paas WORDS` in backticks, to be pasted: it names the app of this command and the profile it was given."""
        app = None
        if about_app:
            with suppress(Failure):  # a command line that names none, which is said elsewhere
                app = self.app
        return hints.command(words, app=app, profile=self.profile_flag)

    @cached_property
    def sign_in(self) -> profile.SignIn:
        """The gateway and the token. Raises Failure where one is missing."""
        return profile.sign_in(self.profile_flag, self.surroundings.environ, project=self.project)

    @cached_property
    def place(self) -> profile.Place:
        """Where calls go. Raises Failure where no gateway is known."""
        return profile.place(self.profile_flag, self.surroundings.environ, project=self.project)

    @cached_property
    def _credential(self) -> "Credential | None":
        """What is renewed; None where the token is one that was made elsewhere."""
        if self.sign_in.sso is None:
            return None
        from paas_cli.sso.credential import Credential, Keeper

        login = self.hint("login", about_app=False)
        keeper = Keeper(self.sign_in.source, ca_file=self.sign_in.ca_file, now=self.surroundings.now)
        return Credential(self.sign_in.sso, keeper, login=login)

    def _channel(self) -> Channel:
        """A channel with a token that is good now. Raises Failure where there is none."""
        return Channel(
            self.sign_in.address,
            token=self._credential.token() if self._credential is not None else self.sign_in.token,
            user_agent=f"paas-cli/{__version__}",
            sleep=self.surroundings.sleep,
            ca_file=self.sign_in.ca_file,
        )

    def _unary(self, path: str, request: Encodable, answer: type[Answer], *, repeatable: bool) -> Answer:
        """A call, made again with a fresh token where the first was refused, since then nothing was done."""
        channel = self._channel()
        try:
            answered = channel.unary(path, request, answer=answer, repeatable=repeatable)
        except RpcError as error:
            if not self._renew_refused(error):
                raise
            channel = self._channel()
            answered = channel.unary(path, request, answer=answer, repeatable=repeatable)
        self._token_ends = channel.token_ends
        return answered

    def _renew_refused(self, error: RpcError) -> bool:
        """Whether `error` is that the token isn't accepted, and there is another one now. Raises Failure."""
        if error.code != UNAUTHENTICATED or self._credential is None:
            return False
        return self._credential.renew_refused()

    def check_sign_in(self) -> None:
        """Raise Failure now if no call could be made, before anything is asked of the user."""
        self._channel()

    def new_request_id(self) -> str:
        """A fresh id for one change; a retry of it carries the same."""
        return self.surroundings.new_id()

    def read(self, path: str, request: Encodable, answer: type[Answer]) -> Answer:
        """A call that changes nothing. Raises Failure."""
        try:
            return self.try_to_read(path, request, answer)
        except RpcError as error:
            raise self.failure(error, effect=None) from None

    def try_to_read(self, path: str, request: Encodable, answer: type[Answer]) -> Answer:
        """The same for who goes on after a failure. Raises RpcError, and Failure where the sign-in is over."""
        answered = self._unary(path, request, answer, repeatable=True)
        self._note_end()
        return answered

    def change(
        self,
        path: str,
        request: "Message",
        answer: type[Answer],
        *,
        look: str,
        again: bool = True,
        shown_once: bool = False,
    ) -> Answer:
        """A call that changes something. Raises Failure.

        `look` is the hint that shows whether it happened; `again` whether running the same command a second time
        does no harm. It is tried again by itself only with a request id. Once it is answered, an output that fails
        stops nothing any more, unless the answer is `shown_once` and would be lost.
        """
        fields = request.DESCRIPTOR.fields_by_name
        try:
            answered = self._unary(path, request, answer, repeatable="request_id" in fields)
        except RpcError as error:
            from paas_cli.refusals import Effect

            raise self.failure(error, effect=Effect(look=look, again=again)) from None
        except KeyboardInterrupt:
            raise Interrupted(
                f"Interrupted before the answer came: it is not known whether this was done; {look} shows it."
            ) from None
        if not shown_once and not ("validate_only" in fields and request.validate_only):  # type: ignore[attr-defined]
            self.surroundings.done()
        self._note_end()
        return answered

    def call_as_nobody(self, path: str, request: Encodable, answer: type[Answer]) -> Answer:
        """A call whose proof is in the request: no token goes along, and it is not made twice. Raises RpcError."""
        channel = Channel(
            self.place.gateway,
            token=None,
            user_agent=f"paas-cli/{__version__}",
            sleep=self.surroundings.sleep,
            ca_file=self.place.ca_file,
        )
        return channel.unary(path, request, answer=answer, repeatable=False)

    def stream(self, path: str, request: Encodable, answer: type[Answer], *, idle: float = 600.0) -> Iterator[Answer]:
        """A call that answers as things happen, at most `idle` seconds apart.

        Raises RpcError, because a broken stream is not the end; SignInRenewed where it ended with the sign-in's time
        and can be asked for again at once. Raises Failure where the sign-in is over.
        """
        try:
            yield from self._channel().stream(path, request, answer=answer, idle=idle)
        except RpcError as error:
            if not self._renew_refused(error):
                raise
            raise SignInRenewed(error.code, error.message, path=path, delivery=error.delivery) from None

    def failure(self, error: RpcError, *, effect: "Effect | None") -> Failure:
        """`error` in words."""
        from paas_cli import refusals

        source = ""
        with suppress(Failure):  # a call as nobody, who need not be signed in
            source = self.sign_in.source
        caller = refusals.Caller(
            address=str(self.place.gateway),
            source=source,
            login=self.hint("login", about_app=False),
            whoami=self.hint("whoami", about_app=False),
        )
        return refusals.failure(error, caller=caller, effect=effect)

    def _note_end(self) -> None:
        """Say so, once, where the answer said that the token in use ends within days. Not beside JSON."""
        if self._token_ends is None or self._is_end_noted or self.as_json:
            return
        self._is_end_noted = True
        from paas_cli import times

        ends = times.epoch_to_minute(self._token_ends)

        if self.sign_in.source == "PAAS_TOKEN":
            whose, what = "the token in PAAS_TOKEN", "tokens:rotate"
        else:
            whose, what = "the stored token", "login"
        self.note(f"{whose} ends {ends}; see {self.hint(f'{what} --help', about_app=False)}.")

    def note(self, text: str) -> None:
        """Something worth knowing, on stderr."""
        self._remark(self.err.styled("note:", "cyan"), text)

    def note_escapes(self, what: str, command: str) -> None:
        """Say so where `out` has shown `what` otherwise than it is, and how to get it as it is."""
        if self.out.has_escaped:
            self.note(
                f"{what} has control or invisible characters, shown as escapes; {command} gives it as it is where its "
                "output goes to a file or a pipe."
            )

    def warn(self, text: str) -> None:
        """Something that may be a mistake, on stderr."""
        self._remark(self.err.styled("warning:", "yellow"), text)

    def _remark(self, label: str, text: str) -> None:
        from paas_cli.credentials import masked

        self.err.line(f"{label} {masked(text)}")
