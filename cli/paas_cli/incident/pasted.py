"""What is pasted into a terminal to do a step."""

from collections.abc import Sequence

from paas_cli.incident import words
from paas_cli.incident.facts import Facts
from paas_cli.incident.rules import Kind, Reason, Step
from paas_cli.session import Session
from paas_cli.terminal import hints


def command(step: Step, session: Session) -> str:
    """What does the step, to be pasted: it repeats app, profile and environment. Empty where it is not its turn."""
    if step.reason in (Reason.ROTATE_FIRST, Reason.MANAGED):
        return ""  # a release now would restart the app with the values that got out; what is managed nobody sets
    typed, app = {
        Kind.REVOKE: (f"tokens:revoke {hints.quoted(step.token_id)}", None),
        Kind.UNTRUST: (f"tokens:trust:remove {hints.quoted(step.name)}", None),
        Kind.ROTATE: (f"secrets:rotate {hints.quoted(step.name)}", step.app),
        Kind.RELEASE: ("releases:create", step.app),
    }[step.kind]
    return hints.command(typed, app=app, profile=session.flags.profile, env=session.flags.env).strip("`")


def advice(facts: Facts, steps: Sequence[Step], session: Session) -> list[str]:
    """What is to be done besides."""
    setting = hints.command("secrets:set NAME", app="APP", profile=session.flags.profile, env=session.flags.env)
    return words.advice(facts, steps, setting=setting)
