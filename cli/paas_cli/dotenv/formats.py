"""The formats of `config:export` and `config:import` by name. Each is imported only when it is used."""

from collections.abc import Mapping

from paas_cli.dotenv.found import Found

EXPORT_FORMATS = ("dotenv", "json", "shell", "docker")
# What the shell format writes is a .env file as well.
IMPORT_FORMATS = ("auto", *EXPORT_FORMATS)


def write(format_: str, values: Mapping[str, str]) -> str:
    """The text of a file that holds `values`. Raises Failure where the format can't hold one."""
    if format_ == "json":
        from paas_cli.dotenv import json_object

        return json_object.write(values)
    if format_ == "docker":
        from paas_cli.dotenv import docker

        return docker.write(values)
    from paas_cli.dotenv import writing

    return writing.shell(values) if format_ == "shell" else writing.dotenv(values)


def read(format_: str, text: str, *, source: str) -> Found:
    """The variables of a file. `auto` tells JSON by its brace; Docker's format looks like .env and must be named."""
    if format_ == "json" or (format_ == "auto" and text.removeprefix("\ufeff").lstrip().startswith("{")):
        from paas_cli.dotenv import json_object

        return json_object.read(text, source=source)
    if format_ == "docker":
        from paas_cli.dotenv import docker

        return docker.read(text, source=source)
    from paas_cli.dotenv import reading

    return reading.read(text, source=source)
