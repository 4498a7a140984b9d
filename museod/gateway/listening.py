"""Subscriptions as the face serves them: the listen of the modern era, subscribe of the legacy one."""

from __future__ import annotations

import trio
from msgspec import Raw

from museod.errors import InvalidParams
from museod.gateway.client import Client
from museod.gateway.requests import ListenParams, ReadParams, decode_params
from museod.gateway.subscriptions import MAX_URI_CHARS, MAX_URIS, Subscription, Subscriptions
from museod.wire import codec, envelope
from museod.wire.listings import CAPABILITIES
from museod.wire.messages import JsonId


class Listening:
    """
    Serves those who want to hear of changes.

    Args:
        server_info: ours, encoded, for the `_meta` of modern results.
        draining: ends every listen in good order.
    """

    def __init__(self, subscriptions: Subscriptions, draining: trio.Event, server_info: Raw) -> None:
        self._subscriptions = subscriptions
        self._draining = draining
        self._server_info = server_info

    async def listen(self, id: JsonId, params: Raw, client: Client) -> bytes:
        """Tell a modern client of what it wants to hear, until it leaves or we do."""
        wishes = decode_params(ListenParams, params, "subscriptions/listen").notifications
        uris = wishes.resource_subscriptions
        if len(uris) > MAX_URIS or any(len(uri) > MAX_URI_CHARS for uri in uris):
            raise InvalidParams(
                f"At most {MAX_URIS} resources of {MAX_URI_CHARS} characters; listen to fewer."
            )
        tag = {"_meta": {envelope.SUBSCRIPTION_ID: id}}

        def tell(method: str, **members: object) -> None:
            client.emit(method, codec.encode({**members, **tag}))

        wanted = {name for name in CAPABILITIES if getattr(wishes, f"{name}_list_changed")}
        subscription = Subscription(
            on_list=lambda name: tell(f"notifications/{name}/list_changed"),
            on_updated=lambda uri: tell("notifications/resources/updated", uri=uri),
            lists=frozenset(wanted),
            uris=set(uris),
        )
        honoured: dict[str, object] = {f"{name}ListChanged": True for name in CAPABILITIES if name in wanted}
        if uris:
            honoured["resourceSubscriptions"] = sorted(subscription.uris)
        self._subscriptions.open(subscription)
        try:
            if uris:
                await self._subscriptions.wait_watched(subscription.uris)
            tell("notifications/subscriptions/acknowledged", notifications=honoured)
            await self._draining.wait()
        finally:
            self._subscriptions.close(subscription)
        return codec.encode(
            {
                "resultType": "complete",
                "_meta": {envelope.SUBSCRIPTION_ID: id, envelope.SERVER_INFO: self._server_info},
            }
        )

    async def subscribe(self, params: Raw, subscription: Subscription) -> bytes:
        """Watch one more resource for a legacy client."""
        uri = decode_params(ReadParams, params, "resources/subscribe").uri
        if len(subscription.uris) >= MAX_URIS or len(uri) > MAX_URI_CHARS:
            raise InvalidParams(
                f"At most {MAX_URIS} resources of {MAX_URI_CHARS} characters; unsubscribe some."
            )
        self._subscriptions.add_uri(subscription, uri)
        await self._subscriptions.wait_watched([uri])
        return b"{}"

    def unsubscribe(self, params: Raw, subscription: Subscription) -> bytes:
        """Watch one resource less for a legacy client."""
        uri = decode_params(ReadParams, params, "resources/unsubscribe").uri
        self._subscriptions.drop_uri(subscription, uri)
        return b"{}"
