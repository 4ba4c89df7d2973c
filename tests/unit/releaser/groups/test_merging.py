"""What an app is given of its own and of its groups: whose value wins, whichever kind it is of."""

from hypothesis import given
from hypothesis import strategies as st

from paaskit.redact import Plaintext
from services.releaser.work.groups.merging import Environment

names = st.sampled_from(["A", "B", "C", "D"])


def environment(owner: str) -> st.SearchStrategy[Environment]:
    """One whose values say whose they are."""
    return st.builds(
        lambda plain, sealed: Environment(
            variables={name: f"{owner}-{name}" for name in plain},
            sealed={name: Plaintext(f"{owner}-{name}") for name in sealed - plain},
        ),
        st.frozensets(names),
        st.frozensets(names),
    )


def values(of: Environment) -> dict[str, str]:
    """What a program would be given, by name."""
    return {**of.variables, **{name: value.reveal() for name, value in of.sealed.items()}}


@given(environment("own"), environment("first"), environment("second"))
def test_the_app_wins_and_then_the_group_that_came_first(
    own: Environment, first: Environment, second: Environment
) -> None:
    merged = own.over(first).over(second)
    assert values(merged) == {**values(second), **values(first), **values(own)}
    assert merged.names == own.names | first.names | second.names
    assert not set(merged.variables) & set(merged.sealed), "a name is of one kind"


def test_an_app_s_own_config_var_hides_a_group_s_secret_and_the_other_way() -> None:
    plain, sealed = Environment(variables={"A": "own"}), Environment(sealed={"A": Plaintext("own")})
    assert plain.over(Environment(sealed={"A": Plaintext("group")})) == plain
    assert sealed.over(Environment(variables={"A": "group"})) == sealed


def test_no_value_is_shown() -> None:
    assert "canary" not in repr(Environment(variables={"A": "canary"}, sealed={"B": Plaintext("canary")}))
