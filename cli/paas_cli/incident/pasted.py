"""What is pasted into a terminal to do a step."""

from collections.abc import Sequence

from paas_cli import hints
from paas_cli.incident import words
from paas_cli.incident.facts import Facts
from paas_cli.incident.rules import Kind, Reason, Step
from paas_cli.session import Session


def command(step: Step, session: Session) -> str:
    """What does the step, to be pasted: it repeats the app and the profile. Empty where it is not its turn."""
    if step.reason is Reason.ROTATE_FIRST:
        return ""  # a release now would restart the app with the values that got out
    profile = session.profile_flag
    typed, app = {
        Kind.REVOKE: (f"tokens:revoke {hints.quoted(step.token_id)}", None),
        Kind.UNTRUST: (f"tokens:trust:remove {hints.quoted(step.name)}", None),
        Kind.ROTATE: (f"secrets:rotate {hints.quoted(step.name)}", step.app),
        Kind.RELEASE: ("releases:create", step.app),
    }[step.kind]
    return hints.command(typed, app=app, profile=profile).strip("`")


def advice(facts: Facts, steps: Sequence[Step], session: Session) -> list[str]:
    """What is to be done besides."""
    setting = hints.command("secrets:set NAME", app="APP", profile=session.profile_flag)
    return words.advice(facts, steps, setting=setting)
