"""`paas config:edit`: config vars in the user's own editor. Secrets have no way into its file."""

from dataclasses import dataclass

import click

from paas_cli import errors
from paas_cli.command import command as declare
from paas_cli.command import release_options
from paas_cli.editing import document, editor, kept
from paas_cli.editing.document import Edit
from paas_cli.errors import Failure, Misuse
from paas_cli.groups import uses
from paas_cli.releases import together
from paas_cli.releases.changes import ReleaseOptions, Report
from paas_cli.releases.together import Wanted
from paas_cli.session import Session
from paas_cli.terminal import question
from paas_cli.terminal.text import visible
from paas_cli.typed import assignments, credentials
from paas_cli.typed.names import name_fault
from paas_cli.variables import comparison, sides
from paas_cli.variables.comparison import Difference, Held
from paas_cli.variables.sides import CONFIG, MANAGED, SECRET, Side

# After these something was changed, or it is not for the text that it was not.
_NOT_FOR_THE_TEXT = (errors.REVERTED, errors.READER_GONE)


@dataclass(frozen=True)
class EditOptions:
    """Of which name alone, if any; whether it was agreed to already; what becomes of the change."""

    name: str | None
    yes: bool
    release: ReleaseOptions


@declare("config:edit")
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--yes", is_flag=True, help="Save what was edited without asking.")
@release_options
def command(session: Session, *, name: str | None, yes: bool, stage: bool, no_wait: bool) -> None:
    """Edit config vars in your editor.

    Opens all of them, sorted, as a .env file, in the editor that VISUAL or EDITOR names (else vi
    or nano). Then it shows what changed, asks, and makes one release. A line that was taken out
    unsets its name. With NAME the file holds that value alone. Secrets and what add-ons manage
    are there by name only, as comments; what comes from groups is not. Where somebody else changed
    something meanwhile, nothing is saved, and your text is kept in a file that is named.

    For example:
      paas config:edit -a web
      paas config:edit BANNER
      EDITOR='code --wait' paas config:edit --stage
    """
    run(EditOptions(name, yes, ReleaseOptions(stage=stage, no_wait=no_wait)), session)


def run(options: EditOptions, session: Session) -> None:
    """Look, have it edited, show, ask, save."""
    if not question.can_be_asked(session):
        way = session.hint("config:import FILE")
        raise Misuse(f"config:edit opens an editor, and there is no terminal for one; {way} takes a file.")
    environ = session.surroundings.environ
    words = editor.command(environ)
    if options.name is not None:
        _check_name(options.name)
    side = sides.fetch(session)
    if options.name is not None:
        _refuse_other_kind(session, options.name, side)
    with editor.private_file(_file_name(session.app, options.name), environ) as path:
        text, edit = _agreed(options, session, side, words, path)
        if edit.is_empty:
            session.out.line("No change") if not session.as_json else together.save(session, Wanted(), _report(options))
            return
        _save(options, session, side, text, edit)


def _agreed(options: EditOptions, session: Session, side: Side, words: list[str], path: str) -> tuple[str, Edit]:
    """The text and what it changes, once it can be read and is agreed to. Raises Failure."""
    text = _text(options.name, side)
    while True:
        text = editor.edited(words, path, text)
        try:
            edit = _read(options.name, text, side)
        except Failure as failure:
            session.err.prose(f"{session.err.styled('error:', 'red', 'bold')} {failure.sentence}")
            if question.answer(session, "Edit it again? [Y/n]") in ("", "y", "yes"):
                continue
            raise Failure(f"Nothing was changed. {_kept(session, options, text)}") from None
        if edit.is_empty:
            return text, edit
        if not session.as_json:
            differences = _differences(edit, side)
            comparison.show(session.out, differences)
            if not options.release.stage:
                uses.show(session, [each.name for each in differences])
        credentials.warn_about(edit.values, session, options=options.release.options())
        what = "Stage" if options.release.stage else "Save and release"
        answer = "y" if options.yes else question.answer(session, f"{what} this? [y/N/e(dit again)]")
        if answer in ("y", "yes"):
            return text, edit
        if answer not in ("e", "edit"):
            raise Failure("Nothing was changed.")


def _save(options: EditOptions, session: Session, side: Side, text: str, edit: Edit) -> None:
    wanted = Wanted(set_config=edit.values, unset_config=edit.gone, etag=side.etag)
    try:
        together.save(session, wanted, _report(options))
    except Failure as failure:
        if failure.exit_code not in _NOT_FOR_THE_TEXT:
            failure.sentence += f" {_kept(session, options, text)}"
        raise


def _report(options: EditOptions) -> Report:
    return Report(verb="Changed", options=options.release)


def _kept(session: Session, options: EditOptions, text: str) -> str:
    surroundings = session.surroundings
    name = _file_name(session.app, options.name).removesuffix(".env")
    try:
        path = kept.keep(text, name=name, environ=surroundings.environ, now=surroundings.now())
    except Failure as failure:
        return f"Your text could not be kept: {failure.sentence}"
    return f"Your text is kept in {visible(path)}."


def _file_name(app: str, name: str | None) -> str:
    """`web.env`, or `web-BANNER.env`: of letters and digits alone, whatever the app was called on the command line."""
    plain = "".join(char if char.isalnum() or char in "-_" else "_" for char in app)
    return f"{plain}{f'-{name}' if name else ''}.env"


def _check_name(name: str) -> None:
    assignments.check_names([name])
    if (fault := name_fault(name)) is not None:
        raise Failure(f"Nothing was changed: {visible(name[:140])} {fault}.")


def _refuse_other_kind(session: Session, name: str, side: Side) -> None:
    if side.kind(name) == SECRET:
        sealed = session.hint(f"secrets:set {name}")
        raise Failure(
            f"Nothing was changed: {name} is a secret, and no file ever holds one; {sealed} asks for its value."
        )
    if side.kind(name) == MANAGED:
        raise Failure(f"Nothing was changed: {name} is managed by an add-on.")


def _text(name: str | None, side: Side) -> str:
    if name is not None:
        return document.written_value(side.config.get(name, ""))
    return document.written(side.app, side.config, managed=side.managed, secrets=side.secrets or ())


def _read(name: str | None, text: str, side: Side) -> Edit:
    if name is not None:
        return document.read_value(text, name, side.config.get(name))
    taken = dict.fromkeys(side.managed, "managed by an add-on") | dict.fromkeys(side.secrets or (), "a secret")
    return document.read(text, side.config, taken=taken)


def _differences(edit: Edit, side: Side) -> list[Difference]:
    before = {name: Held(CONFIG, value) for name, value in side.config.items()}
    changed = [Difference(name, before.get(name), Held(CONFIG, value)) for name, value in edit.values.items()]
    return changed + [Difference(name, before[name], None) for name in edit.gone]
