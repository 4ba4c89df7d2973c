"""Tokens and who is calling."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from paas.tokens.v1 import tokens_pb2 as p

from tests.fakes.gateway import Fault
from tests.fakes.platform.state import NOW, Platform


def create_token(platform: Platform, request: Any) -> Any:
    expires = Timestamp(seconds=NOW.seconds + (request.ttl.seconds or 30 * 86400))
    token = p.Token(
        token_id=f"t{len(platform.tokens) + 1}",
        name=request.name,
        permissions=request.permissions or ["apps.read", "config.read"],
        apps=request.apps,
        created_at=NOW,
        expires_at=expires,
        creator="user:ada@example.com",
        maker="user:ada@example.com",
        kind="pat",
        granted=request.permissions or ["apps.read", "config.read"],
    )
    platform.tokens[request.name] = token
    secret = f"paas_pat_{'N' * 35}{len(platform.gateway.tokens)}"
    platform.gateway.tokens.add(secret)
    event_id = platform.record("tokens.create", "", request.name)
    return p.CreateTokenResponse(token=token, secret=secret, audit_event_id=event_id)


def rotate_token(platform: Platform, request: Any) -> Any:
    if request.token not in platform.tokens:
        raise Fault(5, f"There is no token {request.token}.", reason="TOKEN_NOT_FOUND")
    before = platform.tokens.pop(request.token)
    asked = p.CreateTokenRequest(name=before.name, permissions=before.permissions, apps=before.apps, ttl=request.ttl)
    answer = create_token(platform, asked)
    before.expires_at.seconds = NOW.seconds + (request.overlap.seconds if request.HasField("overlap") else 86400)
    return p.RotateTokenResponse(token=answer.token, secret=answer.secret, previous=before, descendants=1)


def revoke_token(platform: Platform, request: Any) -> Any:
    meant = next((name for name, token in platform.tokens.items() if request.token in (name, token.token_id)), None)
    if meant is None:
        raise Fault(5, f"There is no token {request.token}.", reason="TOKEN_NOT_FOUND")
    token = platform.tokens.pop(meant)
    token.revoked_at.CopyFrom(NOW)
    platform.ended.append(token)
    return p.RevokeTokenResponse(token=token, descendants=2)


def report_token(platform: Platform, request: Any) -> Any:
    platform.gateway.tokens.discard(request.secret)
    return p.ReportTokenResponse()


def end_sessions(platform: Platform, request: Any) -> Any:
    platform.record("sessions.end", "", request.user or "ada@example.com")
    return p.EndSessionsResponse(sign_ins=1 if request.user else 0)


def who_am_i(platform: Platform, _: Any) -> Any:
    return p.WhoAmIResponse(
        tenant="acme",
        subject="user:ada@example.com",
        kind="user",
        permissions=platform.permissions,
        apps=["web"] if platform.is_limited_to_apps else [],
        expires_at=NOW,
    )


def list_tokens(platform: Platform, _: Any) -> Any:
    return p.ListTokensResponse(tokens=list(platform.tokens.values()))


def find_tokens(platform: Platform, request: Any) -> Any:
    every = [*platform.tokens.values(), *platform.ended]
    return p.FindTokensResponse(tokens=[each for each in every if {each.name, each.token_id} & set(request.tokens)])


def serve(platform: Platform) -> None:
    """Route the service's methods here."""
    handlers = {
        "WhoAmI": who_am_i,
        "CreateToken": create_token,
        "ListTokens": list_tokens,
        "FindTokens": find_tokens,
        "RotateToken": rotate_token,
        "ReportToken": report_token,
        "EndSessions": end_sessions,
        "RevokeToken": revoke_token,
    }
    platform.serve(p.DESCRIPTOR.services_by_name["TokensService"], handlers)
