"""The releases of apps that one of a shared group is, as a page and its script show them. Pure."""

from dataclasses import dataclass

from paas.releaser.v1.releaser_pb2 import GroupMember, Release

from dashboard.pages.states import has_ended, state_word


@dataclass(frozen=True, kw_only=True)
class Member:
    """One app, with the number of its release, 0 before there is one, and how that is."""

    app: str
    release: int
    kind: str
    word: str


def members(release: Release) -> list[Member]:
    """Those of a group's release, as far as they are seen; none of an app's."""
    return [_member(each, is_over=has_ended(release)) for each in release.members]


def _member(member: GroupMember, *, is_over: bool) -> Member:
    number = member.release if member.HasField("release") else 0
    if not number and not member.state:
        return Member(app=member.app, release=0, kind="quiet", word="not released" if is_over else "waits")
    state = state_word(member.state)
    return Member(app=member.app, release=number, kind=state.kind, word=state.word)
