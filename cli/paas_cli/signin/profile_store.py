"""Write the file of profiles: signing in and out, and which is used. Loaded by the commands that do that alone."""

from paas_cli.errors import Misuse
from paas_cli.files import private_file
from paas_cli.files.file_lock import locked
from paas_cli.files.toml_file import quoted
from paas_cli.signin import profile
from paas_cli.signin.profile import Profile, ProfileFile
from paas_cli.terminal.text import visible


def put(file: ProfileFile, name: str, entry: Profile) -> None:
    """Set one profile in the file, the default if it is the first; the others stay as they are now.

    Signing in takes minutes, in which others may sign in to other profiles. Raises Failure where it can't be written.
    """
    with locked(file.path):
        now = profile.read_again(file)
        _save(now._replace(default=now.default or name, profiles={**now.profiles, name: entry}))


def use(file: ProfileFile, name: str) -> None:
    """Make one profile the default. Raises Failure, Misuse where there is none of the name."""
    with locked(file.path):
        now = profile.read_again(file)
        profile.present(name, now)
        _save(now._replace(default=name))


def rename(file: ProfileFile, old: str, new: str) -> None:
    """Give a profile another name. Raises Failure, Misuse where it isn't there or the name is taken."""
    with locked(file.path):
        now = profile.read_again(file)
        profile.present(old, now)
        check_free(now, new)
        profiles = {new if name == old else name: entry for name, entry in now.profiles.items()}
        _save(now._replace(default=new if now.default == old else now.default, profiles=profiles))


def check_free(file: ProfileFile, name: str) -> None:
    """Raise Misuse where a profile has that name."""
    if name in file.profiles:
        raise Misuse(f"There is a profile {visible(name)} in {file.path} already; choose another name.")


def remove(file: ProfileFile, name: str) -> None:
    """Take a profile away; none is the default where it was. Raises Failure where it can't be written."""
    with locked(file.path):
        now = profile.read_again(file)
        profiles = {each: entry for each, entry in now.profiles.items() if each != name}
        _save(now._replace(default=None if now.default == name else now.default, profiles=profiles))


def _save(file: ProfileFile) -> None:
    """Replace the file, mode 0600."""
    lines = ["# Written by `paas login`. It holds tokens: keep it to yourself.\n"]
    if file.default:
        lines.append(f"default = {quoted(file.default)}\n")
    for name, entry in file.profiles.items():
        lines.append(f"\n[profiles.{quoted(name)}]\n")
        if entry.gateway:
            lines.append(f"gateway = {quoted(entry.gateway)}\n")
        if entry.ca_file:
            lines.append(f"ca_file = {quoted(entry.ca_file)}\n")
        if entry.token:
            lines.append(f"token = {quoted(entry.token)}\n")
        if entry.subject:
            lines.append(f"subject = {quoted(entry.subject)}\n")
        if entry.ends_at:
            lines.append(f"ends_at = {quoted(entry.ends_at)}\n")
    private_file.write(file.path, "".join(lines).encode())
