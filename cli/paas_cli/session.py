"""What one run of a command has at hand: its options, its streams, the app and calls to the gateway.

Nothing is read or opened before it is asked for: `paas config:set --help` needs no sign-in. Must not hold the
rules of any command.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TextIO

from paas_cli import __version__, errors
from paas_cli.choice import Choice, Choices, Flags
from paas_cli.errors import Failure, Interrupted
from paas_cli.signin import profile
from paas_cli.terminal import hints
from paas_cli.terminal.output import Output
from paas_transport.grpcweb import Answer, Channel, Encodable
from paas_transport.rpc_error import UNAUTHENTICATED, RpcError, SignInRenewed

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from paas_cli.project import Project
    from paas_cli.signin.sso.credential import Credential
    from paas_cli.terminal.times import Moment
    from paas_cli.transport.refusals import Effect

# The reasons of google.rpc.ErrorInfo with which services refuse an app or a group that is not there.
_NOT_FOUND = ("APP_NOT_FOUND", "GROUP_NOT_FOUND")
# Set in what `paas mcp` runs for an agent: a shell in there would find the person's own sign-in, and what it prints is
# masked only as far as the program was given it.
RUN_FOR_AGENT = "PAAS_RUN_FOR_AGENT"
# A command in a service's sentence.
_COMMAND = re.compile(r"`paas ([a-z][^`]*)`")


class Surroundings(NamedTuple):
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

    def __init__(self, surroundings: Surroundings, flags: Flags, *, as_json: bool = False) -> None:
        self.surroundings = surroundings
        self.flags = flags
        self.choices = Choices(flags, surroundings.environ, lambda: self.project)
        self.as_json = as_json
        self.out = Output(surroundings.stdout, surroundings.environ)
        self.err = Output(surroundings.stderr, surroundings.environ)
        self._token_ends: int | None = None
        self._is_end_noted = False

    @cached_property
    def project(self) -> "Project | None":
        """The nearest `.paas.toml`."""
        from paas_cli import project

        return project.nearest(self.surroundings.folder)

    @cached_property
    def app(self) -> str:
        """The app the command is about. Raises Misuse where none is chosen."""
        return self.choices.app().name

    def choose_app(self, name: str) -> None:
        """Have the command be about an app that its arguments name, as if -a did."""
        self.flags = self.flags._replace(app=name)
        self.choices = Choices(self.flags, self.surroundings.environ, lambda: self.project)

    def of_app(self, app: str) -> "Session":
        """The same run, about another app."""
        return Session(self.surroundings, self.flags._replace(app=app), as_json=self.as_json)

    def hint(self, words: str, *, about_app: bool = True) -> str:
        """`paas WORDS` in backticks, to be pasted: with this command's app, and the profile and environment given."""
        app = None
        if about_app and not self._is_app_of_env:
            with suppress(Failure):  # a command line that names none, which is said elsewhere
                app = self.app
        return hints.command(words, app=app, profile=self.flags.profile, env=self.flags.env)

    def _hinted(self, sentence: str) -> str:
        """A service's sentence with its commands as hints: it knows no profile, and often no app."""
        from paas_cli.catalogue import ALIASES, ENTRIES

        def hint(found: re.Match[str]) -> str:
            words = found.group(1)
            name, *rest = words.split()
            entry = ENTRIES.get(ALIASES.get(name, name))
            names_it = "-a" in rest or (name.startswith("apps:") and rest[:1] not in ([], ["--"]))
            return found.group() if entry is None else self.hint(words, about_app=entry.takes_app and not names_it)

        return _COMMAND.sub(hint, sentence)

    @cached_property
    def _is_app_of_env(self) -> bool:
        """Whether naming the environment names the app."""
        if self.flags.env is None or self.flags.app is not None:
            return False
        with suppress(Failure):
            return self.choices.app().source.startswith("--env")
        return False

    @cached_property
    def chosen_profile(self) -> Choice | None:
        """The profile that is named; None where the file of profiles has the last word. Raises Misuse."""
        if self.flags.env is not None:
            self.choices.environment()  # one that is not there is refused even where something else goes before it
        return self.choices.profile()

    @cached_property
    def sign_in(self) -> profile.SignIn:
        """The gateway and the token. Raises Failure where one is missing, and in what is run for an agent."""
        if RUN_FOR_AGENT in self.surroundings.environ:
            raise Failure(
                "This is run for an agent, and there `paas` signs nobody in, since it prints values. The agent has "
                "tools of its own; what they do not do is for a person to type.",
                exit_code=errors.NOT_ALLOWED,
            )
        return profile.sign_in(self.place, self.surroundings.environ, login=self.hint("login", about_app=False))

    @cached_property
    def place(self) -> profile.Place:
        """Where calls go. Raises Failure where no gateway is known."""
        environ = self.surroundings.environ
        if profile.is_all_in(environ) and self.flags.profile is None:
            if self.flags.env is not None:
                self.choices.environment()  # raises where there is none of the name
            return profile.place_of(environ)
        return profile.place(
            self.chosen_profile,
            environ,
            project=self.project,
            login=self.hint("login --gateway https://...", about_app=False),
        )

    @cached_property
    def _credential(self) -> "Credential | None":
        """What is renewed; None where the token is one that was made elsewhere."""
        if self.sign_in.sso is None:
            return None
        from paas_cli.signin.sso.credential import Credential, Keeper

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
        is_part: bool = False,
    ) -> Answer:
        """A call that changes something. Raises Failure.

        `look` is the hint that shows whether it happened; `again` whether running the same command a second time
        does no harm. It is tried again by itself only with a request id. Once it is answered, an output that fails
        stops nothing any more, unless the answer is `shown_once` and would be lost, or the call `is_part` of what was
        asked for and more of it follows.
        """
        fields = request.DESCRIPTOR.fields_by_name
        try:
            answered = self._unary(path, request, answer, repeatable="request_id" in fields)
        except RpcError as error:
            from paas_cli.transport.refusals import Effect

            raise self.failure(error, effect=Effect(look=look, again=again)) from None
        except KeyboardInterrupt:
            raise Interrupted(
                f"Interrupted before the answer came: it is not known whether this was done; {look} shows it."
            ) from None
        if not (shown_once or is_part) and not ("validate_only" in fields and request.validate_only):  # type: ignore[attr-defined]
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

    def may(self, permission: str) -> bool:
        """Whether the caller has a permission, where something may be looked up that was not asked for."""
        return permission in self.permissions

    @cached_property
    def permissions(self) -> frozenset[str]:
        """What the caller may do; nothing where that can't be told. Everybody may ask this of themselves."""
        from paas_cli.commands.whoami import ask

        with suppress(Failure):
            return frozenset(ask(self).permissions)
        return frozenset()

    def failure(self, error: RpcError, *, effect: "Effect | None") -> Failure:
        """`error` in words, with the app or the group that was meant where there is none of the name."""
        failure = self._told(error, effect)
        if failure.details.get("reason") in _NOT_FOUND:
            self._add_meant(failure)
        return failure

    def _add_meant(self, failure: Failure) -> None:
        from paas_cli.commands.apps.list import fetch
        from paas_cli.groups import meant
        from paas_cli.typed import nearness

        with suppress(Failure):  # no app is chosen, or they can't be listed: what the service said is enough
            app = self.app
            names = [*(each.name for each in fetch(self)), *meant.listed(self)] if self.may("apps.read") else []
            if app not in names:
                failure.sentence = nearness.asked(failure.sentence, nearness.near(app, names))

    def _told(self, error: RpcError, effect: "Effect | None") -> Failure:
        from paas_cli.transport import refusals

        whose = ""
        with suppress(Failure):  # a call as nobody, who need not be signed in
            whose = self.sign_in.whose
        caller = refusals.Caller(
            gateway=self.place.gateway,
            named_by=self.place.named_by,
            token=whose,
            is_from_environ=whose == profile.FROM_ENVIRON,
            login=self.hint("login", about_app=False),
            whoami=self.hint("whoami", about_app=False),
            hinted=self._hinted,
        )
        return refusals.failure(error, caller=caller, effect=effect)

    def _note_end(self) -> None:
        """Say so, once, where the answer said that the token in use ends within days. Not beside JSON."""
        if self._token_ends is None or self._is_end_noted or self.as_json:
            return
        self._is_end_noted = True
        from paas_cli.terminal import times

        ends = times.epoch_to_minute(self._token_ends)

        whose = self.sign_in.whose
        what = "tokens:rotate" if whose == profile.FROM_ENVIRON else "login"
        self.note(f"{whose} ends {ends}; see {self.hint(f'{what} --help', about_app=False)}.")

    def when(self, moment: "Moment", *, exactly: "Callable[[Moment], str] | None" = None) -> str:
        """A moment in a list: how long ago on a terminal; elsewhere `exactly`, to the second unless given."""
        from paas_cli.terminal import times

        if self.out.is_terminal:
            return times.ago(moment, self.surroundings.now())
        return (exactly or times.to_second)(moment)

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
        from paas_cli.typed.credentials import masked

        self.err.prose(f"{label} {masked(text)}")
