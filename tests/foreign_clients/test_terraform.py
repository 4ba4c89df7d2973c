"""Terraform's `http` provider reads config vars with the configuration of docs/json.md, or says why not."""

from tests.e2e.installation import Installation, Paas, config_of
from tests.foreign_clients.conftest import token
from tests.foreign_clients.documented import configuration
from tests.foreign_clients.terraform import Terraform

_NOT_SIGNED_IN = "You are not signed in, or your token has expired or was revoked."


def _app(paas: Paas) -> str:
    return paas.environment["PAAS_APP"]


def test_it_reads_config_vars(idle: Paas, installation: Installation, gateway: str, terraform: Terraform) -> None:
    documented, reader = configuration(gateway, app=_app(idle)), token(idle, "config.read")
    assert terraform.read(documented, token=reader.text).config == {}
    values = {"LOG_LEVEL": installation.canaries.config(), "MOTD": f'"é" ${{x}} \\ {installation.canaries.config()}'}
    idle.ok("config:set", *(f"{name}={value}" for name, value in values.items()))
    assert config_of(idle) == values
    read = terraform.read(documented, token=reader.text)
    assert (read.error, read.config == values) == ("", True)


def test_no_token_is_said_in_the_platforms_words(
    idle: Paas, installation: Installation, gateway: str, terraform: Terraform
) -> None:
    idle.ok("config:set", f"LOG_LEVEL={installation.canaries.config()}")
    documented = configuration(gateway, app=_app(idle))
    for text in ("", "paas_pat_of_nobody"):
        read = terraform.read(documented, token=text)
        assert read.error.startswith(_NOT_SIGNED_IN)
        assert read.own == "HTTP request error. Response code: 401"
        assert read.config == {}


def test_a_token_of_another_app_is_refused_in_the_platforms_words(
    idle: Paas, installation: Installation, gateway: str, terraform: Terraform
) -> None:
    other = installation.new_app(idle, instances=0)
    idle.ok("config:set", f"LOG_LEVEL={installation.canaries.config()}")
    reader = token(other, "config.read")
    read = terraform.read(configuration(gateway, app=_app(idle)), token=reader.text)
    assert read.error == f"pat:{reader.name} is limited to other apps."
    assert read.own == "HTTP request error. Response code: 403"
    assert read.config == {}
