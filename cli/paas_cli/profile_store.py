"""Write the file of profiles: signing in and out. Loaded by `login` and `logout` alone."""

from dataclasses import replace

from paas_cli import private_file, profile
from paas_cli.file_lock import locked
from paas_cli.profile import Profile, ProfileFile
from paas_cli.toml_file import quoted


def put(file: ProfileFile, name: str, entry: Profile) -> None:
    """Set one profile in the file, the default if it is the first; the others stay as they are now.

    Signing in takes minutes, in which others may sign in to other profiles. Raises Failure where it can't be written.
    """
    with locked(file.path):
        now = profile.read_again(file)
        _save(replace(now, default=now.default or name, profiles={**now.profiles, name: entry}))


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
    private_file.write(file.path, "".join(lines).encode())
