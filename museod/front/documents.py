"""
museod's own HTTP and frame documentation, for those who write clients.

The paths are described by hand in `openapi.json`; every frame is described by the very struct that reads or
writes it, so what is documented is what is done.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, get_args

import msgspec

from museod import __version__
from museod.chat.messages import MAX_MESSAGE_CHARS, ClientFrame, EventFrame, MessageFrame, ServerFrame
from museod.errors import CODES, Kind
from museod.transports.http1 import HttpRequest, HttpResponse
from museod.wire import codec

OPENAPI_PATH = "/api/v1/openapi.json"
ASYNCAPI_PATH = "/api/v1/asyncapi.json"
CLIENT_FRAMES: tuple[type, ...] = get_args(ClientFrame)
SERVER_FRAMES: tuple[type, ...] = get_args(ServerFrame)


def frame_schemas() -> dict[str, Any]:
    """The JSON Schema of each frame and of what it is made of, by name."""
    _, schemas = msgspec.json.schema_components(
        [*CLIENT_FRAMES, *SERVER_FRAMES], ref_template="#/components/schemas/{name}"
    )
    # What a struct cannot say: clients of the first days send messages without a type, a text is measured
    # when it has been cleaned, and what belongs to an event stands beside its kind.
    message = schemas[MessageFrame.__name__]
    message["required"].remove("type")
    message["properties"]["message"]["description"] = (
        f"1 to {MAX_MESSAGE_CHARS} characters, not counting control characters and outer blanks."
    )
    del schemas[EventFrame.__name__]["properties"]["detail"]
    schemas[EventFrame.__name__]["additionalProperties"] = True
    return schemas


def openapi() -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = codec.decode(files("museod").joinpath("front", "openapi.json").read_bytes())
    document["info"]["version"] = __version__
    error = {
        "type": "object",
        "required": ["kind", "message"],
        "properties": {
            "kind": {"enum": list(Kind)},
            "message": {"type": "string", "description": "What happened and what to do about it."},
            "correlationId": {"type": "string", "description": "Under which the log has it."},
        },
    }
    document["components"]["schemas"] |= frame_schemas() | {
        "Error": {"type": "object", "required": ["error"], "properties": {"error": error}}
    }
    return document


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI document; its operations are museod's: it receives what clients send."""
    codes = "; ".join(f"{codes.chat} {kind.value}" for kind, codes in CODES.items())
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "museod",
            "version": __version__,
            "description": "Conversation over a WebSocket, one JSON object per text frame. For each message "
            "there is exactly one response or error with its id; progress and delta frames come before it "
            "where they are asked for (stream in the frame, or ?stream=1 on the connection). A frame that is "
            "not valid gets an error and the socket stays open. A message sent again with the same id and "
            "text within ten minutes gets the first one's answer. Members that are not known are ignored, on "
            f"both sides. The codes of errors: {codes}.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "chat": {
                "address": "/chat",
                "description": "Also served on /. Subprotocol museo.chat or none.",
                "messages": _references([*CLIENT_FRAMES, *SERVER_FRAMES]),
                "bindings": {"ws": {"query": _QUERY, "bindingVersion": "0.1.0"}},
            },
            "mcp": {
                "address": "/mcp",
                "description": "MCP, one JSON-RPC message per text frame. Subprotocol mcp, also on /.",
                "messages": {"JsonRpc": {"$ref": "#/components/messages/JsonRpc"}},
            },
        },
        "operations": {
            "receiveFrame": _operation("receive", "chat", CLIENT_FRAMES),
            "sendFrame": _operation("send", "chat", SERVER_FRAMES),
            "receiveMcp": {"action": "receive", "channel": {"$ref": "#/channels/mcp"}},
            "sendMcp": {"action": "send", "channel": {"$ref": "#/channels/mcp"}},
        },
        "components": {
            "messages": {frame.__name__: _message(frame) for frame in (*CLIENT_FRAMES, *SERVER_FRAMES)}
            | {"JsonRpc": {"name": "JSON-RPC", "payload": {"type": "object", "required": ["jsonrpc"]}}},
            "schemas": frame_schemas(),
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Or, where headers cannot be set, as the subprotocol bearer.<token> "
                    "offered beside museo.chat or mcp; or as ?token= on chat sockets.",
                }
            },
        },
    }


_QUERY = {
    "type": "object",
    "properties": {
        "stream": {"enum": ["0", "1"], "description": "1: progress and delta frames for every message."},
        "token": {"type": "string", "description": "Who the caller is, where nothing else can say so."},
    },
}


def _references(frames: list[type]) -> dict[str, Any]:
    return {frame.__name__: {"$ref": f"#/components/messages/{frame.__name__}"} for frame in frames}


def _operation(action: str, channel: str, frames: tuple[type, ...]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{frame.__name__}"} for frame in frames],
    }


def _message(frame: type) -> dict[str, Any]:
    config: Any = frame.__struct_config__  # type: ignore[attr-defined]
    return {
        "name": config.tag,
        "summary": " ".join((frame.__doc__ or "").split()),
        "payload": {"$ref": f"#/components/schemas/{frame.__name__}"},
    }


class Documents:
    """Both documents, encoded once."""

    def __init__(self) -> None:
        made: Mapping[str, Any] = {OPENAPI_PATH: openapi(), ASYNCAPI_PATH: asyncapi()}
        self._files = {path: codec.encode(document) for path, document in made.items()}

    def find(self, request: HttpRequest) -> HttpResponse | None:
        """The document under the request's path, or None."""
        body = self._files.get(request.path)
        if body is None:
            return None
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = [("Content-Type", "application/json"), ("ETag", etag), ("Cache-Control", "no-cache")]
        if request.headers.get("if-none-match") == etag:
            return HttpResponse(304, b"", headers)
        return HttpResponse(200, body, headers)
