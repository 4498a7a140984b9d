"""
Where a client gets a token: the protected resource metadata of RFC 9728, and the challenges that lead there.

There is something to say only when the issuer of tokens is configured and is a URL, as authorization servers
are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from museod.errors import CallError, Forbidden, Unauthenticated
from museod.transports.http1 import HttpResponse, json_response

METADATA_PATH = "/.well-known/oauth-protected-resource"
MCP_PATH = "/mcp"
_REALM = 'realm="museod"'
# It changes with the configuration only; a client that was refused asks again soon enough.
_CACHED = [("Cache-Control", "public, max-age=300")]


class InsufficientScope(Forbidden):
    """
    The caller is known, and its token lacks a scope.

    Args:
        scope: all that the operation needs, separated by blanks.
    """

    def __init__(self, message: str, scope: str) -> None:
        super().__init__(message)
        self.scope = scope


@dataclass(frozen=True, slots=True)
class Discovery:
    """
    Args:
        issuer: whose tokens are good here, if that is known.
        audience: what they must be made for. When it is a URL it is our canonical one, however a request
            came here; else we are what the request calls us.
    """

    issuer: str | None = None
    audience: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether there is metadata to serve."""
        return self.issuer is not None and _is_url(self.issuer)

    def find(self, path: str, base: str) -> HttpResponse | None:
        """
        The metadata under `path`, or None.

        Args:
            base: scheme and authority under which the request came, without a slash at the end.
        """
        if not self.is_known or path not in (METADATA_PATH, METADATA_PATH + MCP_PATH):
            return None
        named = base + path.removeprefix(METADATA_PATH)
        # No scopes are listed: MCP needs none, and a client asks for all that it is shown.
        metadata = {
            "resource": self.audience if self.audience is not None and _is_url(self.audience) else named,
            "authorization_servers": [self.issuer],
            "bearer_methods_supported": ["header"],
            "resource_name": "museod",
        }
        return json_response(200, metadata, _CACHED)

    def metadata_url(self, path: str, base: str) -> str:
        """Where the metadata is of what a request to `path` asked for (RFC 9728, 3.1)."""
        if self.audience is not None and _is_url(self.audience):
            canonical = urlsplit(self.audience)
            base, path = f"{canonical.scheme}://{canonical.netloc}", canonical.path
        return base + METADATA_PATH + (MCP_PATH if path == MCP_PATH else "")

    def challenge(
        self, error: CallError, path: str, base: str, *, scope: str = "", had_token: bool
    ) -> str | None:
        """
        The WWW-Authenticate header for a refusal, or None where a token would change nothing.

        Args:
            scope: what the operation needs, if it is known before the caller is.
            had_token: whether the request brought one.
        """
        if isinstance(error, InsufficientScope):
            fields = ['error="insufficient_scope"', f'scope="{error.scope}"']
        elif isinstance(error, Unauthenticated):
            fields = ['error="invalid_token"'] if had_token else []
            fields += [f'scope="{scope}"'] if scope else []
        else:
            return None
        fields.append(f'resource_metadata="{self.metadata_url(path, base)}"' if self.is_known else _REALM)
        return "Bearer " + ", ".join(fields)


def _is_url(text: str) -> bool:
    return text.startswith(("https://", "http://"))
