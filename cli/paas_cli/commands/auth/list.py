"""`paas auth`: the profiles there are, and which one is used."""

from paas_cli.choice import Choice
from paas_cli.command import command as declare
from paas_cli.session import Session
from paas_cli.signin import profile, stored
from paas_cli.signin.stored import Stored
from paas_cli.terminal import table
from paas_cli.terminal.table import Column
from paas_cli.terminal.text import visible

_HOW = {"device": "single sign-on", "web": "single sign-on", "token": "token", "none": "not signed in"}


_COLUMNS = (
    Column("NAME", style="bold"),
    Column("GATEWAY", rank=1),
    Column("WHO", rank=2, narrowest=12),
    Column("HOW", rank=4),
    Column("ENDS", rank=3, style="dim"),
    Column("USED", narrowest=12, style="green"),
)


@declare("auth", app=False)
def command(session: Session) -> None:
    """List sign-ins, and which one is used.

    Each is a profile: a name, a gateway, and who signed in to it. Nothing is asked of a gateway, so
    that it is also told what can't be reached. Which one is used, first to last:

      PAAS_GATEWAY and PAAS_TOKEN   both of them: no profile at all
      --profile NAME                what is typed
      --env NAME                    the `profile` of [env.NAME] in .paas.toml
      PAAS_PROFILE, then PAAS_ENV   the same from the environment
      profile = "NAME"              in the nearest .paas.toml
      default = "NAME"              in config.toml, which `paas auth:switch` sets

    Elsewhere than on a terminal: name, gateway, who, how, ends, and what chose the one that is used,
    separated by tabs. A dash stands for what is not known.

    For example:
      paas auth
      paas auth --json
    """
    run(session)


def run(session: Session) -> None:
    """Read and print."""
    environ = session.surroundings.environ
    is_without = profile.is_all_in(environ) and session.flags.profile is None
    file = profile.read_file(environ, session.project)
    used = None if is_without else profile.chosen(session.chosen_profile, file)
    found = stored.all_of(file, environ)
    if session.as_json:
        session.out.json(_document(found, used, file.path))
        return
    if found:
        table.write(session.out, _COLUMNS, [tuple(map(visible, _row(each, used))) for each in found])
    for each in found:
        if each.trouble is not None:
            session.warn(each.trouble)
    _remark(session, found, used, environ.get("PAAS_TOKEN", "").strip() != "")


def _remark(session: Session, found: list[Stored], used: Choice | None, has_token: bool) -> None:
    """What the table can't say: that none of it is used, or why."""
    if used is None:
        session.note("PAAS_GATEWAY and PAAS_TOKEN are set and go before every profile.")
    elif has_token:
        session.note("PAAS_TOKEN is set and goes before what is stored.")
    if not found:
        session.note(f"There are no profiles; {session.hint('login --help', about_app=False)} says how to make one.")
    elif used is not None and used.name not in {each.name for each in found}:
        session.note(f"The profile used would be {visible(used.name)} ({visible(used.source)}), which is not there.")


def _row(each: Stored, used: Choice | None) -> tuple[str, ...]:
    why = used.source if used is not None and used.name == each.name else "-"
    return each.name, each.gateway or "-", each.subject or "-", _HOW[each.kind], each.ends_at or "-", why


def _document(found: list[Stored], used: Choice | None, path: str) -> dict[str, object]:
    profiles = [
        {
            "name": each.name,
            "gateway": each.gateway,
            "subject": each.subject,
            "kind": each.kind,
            "ends_at": each.ends_at,
            "used": used is not None and used.name == each.name,
            "trouble": each.trouble,
        }
        for each in found
    ]
    chosen = {"profile": used.name, "from": used.source} if used is not None else None
    return {"file": path, "profiles": profiles, "chosen": chosen}
