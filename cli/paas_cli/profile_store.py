"""Write the file of profiles: signing in and out. Loaded by `login` and `logout` alone."""

from dataclasses import replace

from paas_cli import private_file
from paas_cli.profile import Profile, ProfileFile
from paas_cli.toml_file import quoted


def with_profile(file: ProfileFile, name: str, profile: Profile) -> ProfileFile:
    """The same file with one profile set, the default if it is the first."""
    return replace(file, default=file.default or name, profiles={**file.profiles, name: profile})


def save(file: ProfileFile) -> None:
    """Replace the file, mode 0600."""
    lines = ["# Written by `paas login`. It holds tokens: keep it to yourself.\n"]
    if file.default:
        lines.append(f"default = {quoted(file.default)}\n")
    for name, profile in file.profiles.items():
        lines.append(f"\n[profiles.{quoted(name)}]\n")
        if profile.gateway:
            lines.append(f"gateway = {quoted(profile.gateway)}\n")
        if profile.ca_file:
            lines.append(f"ca_file = {quoted(profile.ca_file)}\n")
        if profile.token:
            lines.append(f"token = {quoted(profile.token)}\n")
    private_file.write(file.path, "".join(lines).encode())
