"""What a client reads besides tools: resources, prompts, completions; each goes to the child that has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec import UNSET, Raw

from museod.errors import InvalidParams, RpcFailed
from museod.gateway.client import Client
from museod.gateway.interactions import Interactions
from museod.gateway.requests import (
    CompleteParams,
    PromptParams,
    ReadParams,
    Ref,
    decode_params,
    relay_of,
)
from museod.gateway.router import Router
from museod.gateway.translation import not_found, translated
from museod.wire import codec, envelope
from museod.wire.messages import Request


class Reads:
    """Answers `resources/read`, `prompts/get` and `completion/complete`."""

    def __init__(self, router: Router, interactions: Interactions) -> None:
        self._router = router
        self._interactions = interactions

    async def answer(self, request: Request, client: Client) -> Raw:
        """
        A child's result, as it wrote it.

        Raises:
            CallError: there is no such thing for this client, or its child failed.
        """
        return await METHODS[request.method](self, request, client)

    async def _read(self, request: Request, client: Client) -> Raw:
        params = decode_params(ReadParams, request.params, request.method)
        child = self.owner(params.uri, client)
        members = b'"uri":%b' % codec.encode(params.uri)
        relay = relay_of(client, params.meta)

        async def run(answers: bytes) -> Raw:
            return await self._router.ask(child, "resources/read", members + answers, relay)

        try:
            subject = params.uri.encode("utf-8", "surrogatepass")
            return await self._interactions.run(request.method, child, subject, params, client, relay, run)
        except RpcFailed as error:
            raise translated(error, client, uri=params.uri) from None

    def owner(self, uri: str, client: Client) -> str:
        """
        The child that has a resource.

        Raises:
            RpcFailed: nobody has it that `client` may use.
        """
        owner = self._router.catalogue.owner_of(uri)
        if owner is not None and self._router.may_use(owner.child, client.caller):
            return owner.child
        # A server may read more than it lists; with one that has resources there is no doubt whose it is.
        only = self._router.first_with("resources", client.caller) if owner is None else None
        if only is None:
            raise not_found(uri, client)
        return only

    async def _get_prompt(self, request: Request, client: Client) -> Raw:
        params = decode_params(PromptParams, request.params, request.method)
        prompt = self._router.catalogue.prompts.get(params.name)
        if prompt is None or not self._router.may_use(prompt.child, client.caller):
            raise InvalidParams(f"There is no prompt {params.name[:100]!r}; prompts/list shows them.")
        members = b'"name":%b,"arguments":%b' % (codec.encode(prompt.original), bytes(params.arguments))
        relay = relay_of(client, params.meta)

        async def run(answers: bytes) -> Raw:
            return await self._router.ask(prompt.child, "prompts/get", members + answers, relay)

        subject = b"%b %b" % (params.name.encode("utf-8", "surrogatepass"), bytes(params.arguments))
        try:
            return await self._interactions.run(
                request.method, prompt.child, subject, params, client, relay, run
            )
        except RpcFailed as error:
            raise translated(error, client) from None

    async def _complete(self, request: Request, client: Client) -> Raw:
        params = decode_params(CompleteParams, request.params, request.method)
        child, ref = self._completed(params.ref, client)
        if not self._router.child_has(child, "completions"):
            return Raw(b'{"completion":{"values":[],"total":0,"hasMore":false}}')
        members = b'"ref":%b,"argument":%b' % (codec.encode(ref), bytes(params.argument))
        if params.context is not UNSET:
            members += b',"context":%b' % bytes(params.context)
        try:
            return await self._router.ask(
                child, "completion/complete", members, relay_of(client, params.meta)
            )
        except RpcFailed as error:
            raise translated(error, client) from None

    def _completed(self, ref: Ref, client: Client) -> tuple[str, dict[str, str]]:
        """Whose completion a reference means, and the reference as that child knows it."""
        catalogue = self._router.catalogue
        if ref.type == "ref/prompt" and ref.name is not UNSET:
            prompt = catalogue.prompts.get(ref.name)
            if prompt is not None and self._router.may_use(prompt.child, client.caller):
                return prompt.child, {"type": ref.type, "name": prompt.original}
            raise InvalidParams(f"There is no prompt {ref.name[:100]!r}; prompts/list shows them.")
        if ref.type == "ref/resource" and ref.uri is not UNSET:
            for template in catalogue.templates:
                if template.original == ref.uri and self._router.may_use(template.child, client.caller):
                    return template.child, {"type": ref.type, "uri": ref.uri}
            return self.owner(ref.uri, client), {"type": ref.type, "uri": ref.uri}
        raise InvalidParams("A ref is {type: ref/prompt, name} or {type: ref/resource, uri}.")


METHODS: Mapping[str, Callable[[Reads, Request, Client], Awaitable[Raw]]] = {
    "resources/read": Reads._read,
    "prompts/get": Reads._get_prompt,
    "completion/complete": Reads._complete,
}


def with_hints(method: str, result: Raw) -> Raw:
    """A read resource with the two cache members; a legacy child gives none, which means: do not keep it."""
    if method != "resources/read":
        return result
    members = envelope.members(result)
    if {"ttlMs", "cacheScope"} <= members.keys() or "inputRequests" in members:
        return result
    return Raw(envelope.with_members(result, {"ttlMs": 0, "cacheScope": "private"}))
