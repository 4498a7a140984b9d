"""
Requests that a child may answer with a question: run once, asked, and run again, as each era has it.

`interaction` knows how questions and states look; this module knows which way they go.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import UNSET, Raw

from museod.gateway.client import Client
from museod.gateway.interaction import RequestStates, Seal, input_required, retry_members, settle_for_legacy
from museod.gateway.leases import Leases
from museod.gateway.parking import Parking
from museod.gateway.relay import Relay
from museod.gateway.requests import InteractiveParams
from museod.gateway.router import Router
from museod.gateway.translation import no_method
from museod.wire.messages import Request

Run = Callable[[bytes], Awaitable[Raw]]
"""Runs the request once; it is given further members for its params."""


class Interactions:
    """
    Args:
        seal: seals what children want back from modern clients.
        leases, parking: for interactive legacy children; without them such a child asks nobody.
    """

    def __init__(self, router: Router, seal: Seal, leases: Leases | None, parking: Parking | None) -> None:
        self._router = router
        self._states = RequestStates(seal)
        self._leases = leases
        self._parking = parking

    async def run(
        self,
        method: str,
        child: str,
        subject: bytes,
        params: InteractiveParams,
        client: Client,
        relay: Relay,
        run: Run,
    ) -> Raw:
        """
        The result of a request, complete or asking a modern client for input.

        Args:
            subject: what the request is about; a state is good for this alone.
            relay: what `run` sends with; gets the leased process where there is one.

        Raises:
            InvalidParams: the state that came back is not for this request.
            CallError: as `run`.
        """
        leases = self._leases if client.relayed and self._router.may_ask_back(child) else None
        if not client.is_modern:
            if leases is None:
                return await settle_for_legacy(await run(b""), client, run)
            return await _run_leased(leases, child, client, relay, run, _ask_client(client))
        state = None
        if params.request_state is not UNSET:
            state = self._states.open(params.request_state, child, client.caller, method, subject)
        if leases is not None and self._parking is not None:
            if state is None:
                result = await self._parking.start(
                    lambda ask: _run_leased(leases, child, client, relay, run, ask)
                )
            else:
                answers = params.input_responses
                result = await self._parking.resume(state, None if answers is UNSET else answers)
        else:
            result = await run(retry_members(params.input_responses, state))
        if input_required(result) is not None:
            return Raw(self._states.close(result, child, client.caller, method, subject))
        return result


async def _run_leased(
    leases: Leases,
    child: str,
    client: Client,
    relay: Relay,
    run: Callable[[bytes], Awaitable[Raw]],
    ask: Callable[[Request], Awaitable[bytes]],
) -> Raw:
    """Run a request in a process of its own, whose questions go to `ask`."""
    async with leases.open(child, client.relayed) as upstream:
        upstream.on_request = ask
        relay.leased = upstream
        return await run(b"")


def _ask_client(client: Client) -> Callable[[Request], Awaitable[bytes]]:
    """What answers a legacy child by asking a legacy client the same."""

    async def ask(request: Request) -> bytes:
        if client.ask is None:
            raise no_method(request.method)
        return bytes(await client.ask(request.method, bytes(request.params)))

    return ask
