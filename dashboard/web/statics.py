"""The files that all pages share: scripts, style, icon. Read once, kept by browsers under a name of their content."""

import mimetypes
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.web.shared_files import shared_files

_KEPT: Final = {"cache-control": "public, max-age=31536000, immutable"}


def static_route() -> Route:
    """The route of all of them, below the prefix."""
    files = {file.served_as: file.content for file in shared_files().values()}

    async def static(request: Request) -> Response:
        name = str(request.path_params["name"])
        if name not in files:
            return PlainTextResponse("There is no such file.\n", 404)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(files[name], media_type=kind, headers=_KEPT)

    return Route("/static/{name}", static, methods=["GET"])
