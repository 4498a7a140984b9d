import pytest
import trio

from mcps.museo.auth import ServiceAccount, TokenSource
from mcps.museo.errors import ApiUnauthorized, ApiUnavailable
from mcps.museo.models import TokenReply


class FakeEndpoint:
    """Counts the tokens it gives; takes a second for each; fails as often as it is told."""

    def __init__(self, *, failures: int = 0, scope: str = "a b", expires_in: int = 100) -> None:
        self.calls = 0
        self._failures = failures
        self._scope = scope
        self._expires_in = expires_in

    async def __call__(self) -> TokenReply:
        self.calls += 1
        number = self.calls
        await trio.sleep(1)
        if number <= self._failures:
            raise ApiUnavailable
        return TokenReply(f"token-{number}", "Bearer", self._expires_in, self._scope)


class HangingEndpoint(FakeEndpoint):
    """Never answers."""

    async def __call__(self) -> TokenReply:
        self.calls += 1
        await trio.sleep_forever()
        raise AssertionError


async def test_fifty_waiters_share_one_fetch(autojump_clock: object, nursery: trio.Nursery) -> None:
    endpoint = FakeEndpoint()
    tokens, seen = TokenSource(endpoint, nursery), []

    async def wait() -> None:
        seen.append(await tokens.get())

    async with trio.open_nursery() as waiters:
        for _ in range(50):
            waiters.start_soon(wait)

    assert seen == ["token-1"] * 50
    assert endpoint.calls == 1


async def test_the_waiter_that_started_it_may_leave(autojump_clock: object, nursery: trio.Nursery) -> None:
    endpoint = FakeEndpoint()
    tokens, seen = TokenSource(endpoint, nursery), []

    async def leave() -> None:
        with trio.move_on_after(0.5):
            await tokens.get()

    async def wait() -> None:
        await trio.sleep(0.1)
        seen.append(await tokens.get())

    async with trio.open_nursery() as waiters:
        waiters.start_soon(leave)
        waiters.start_soon(wait)

    assert seen == ["token-1"]
    assert endpoint.calls == 1


async def test_a_failure_reaches_everyone_who_waited_and_the_next_one_tries_again(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    endpoint = FakeEndpoint(failures=1)
    tokens = TokenSource(endpoint, nursery)
    errors: list[ApiUnavailable] = []

    async def wait() -> None:
        with pytest.raises(ApiUnavailable) as caught:
            await tokens.get()
        errors.append(caught.value)

    async with trio.open_nursery() as waiters:
        for _ in range(10):
            waiters.start_soon(wait)

    assert len({id(error) for error in errors}) == 10
    assert endpoint.calls == 1
    assert await tokens.get() == "token-2"


async def test_it_is_renewed_in_the_background_at_four_fifths_of_its_life(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    endpoint = FakeEndpoint(expires_in=100)
    tokens = TokenSource(endpoint, nursery)
    assert await tokens.get() == "token-1"

    await trio.sleep(79)
    assert (await tokens.get(), endpoint.calls) == ("token-1", 1)
    await trio.sleep(2)
    before = trio.current_time()
    assert await tokens.get() == "token-1"
    assert trio.current_time() == before  # nobody waits for a renewal
    await trio.sleep(2)
    assert (await tokens.get(), endpoint.calls) == ("token-2", 2)


async def test_a_renewal_that_fails_leaves_the_old_token_in_use(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    endpoint = FakeEndpoint(expires_in=100)
    tokens = TokenSource(endpoint, nursery)
    await tokens.get()
    endpoint._failures = 3
    await trio.sleep(85)

    for _ in range(50):  # a busy second: one try, not fifty
        assert await tokens.get() == "token-1"
    await trio.sleep(1.5)
    for _ in range(50):
        assert await tokens.get() == "token-1"

    assert endpoint.calls == 2


async def test_an_expired_token_is_never_given_out(autojump_clock: object, nursery: trio.Nursery) -> None:
    tokens = TokenSource(FakeEndpoint(expires_in=100), nursery)
    await tokens.get()

    await trio.sleep(101)

    assert await tokens.get() == "token-2"


async def test_a_refused_token_is_replaced_once_however_many_saw_it_refused(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    endpoint = FakeEndpoint()
    tokens = TokenSource(endpoint, nursery)
    refused = await tokens.get()

    async def renew() -> None:
        tokens.reject(refused)
        assert await tokens.get() == "token-2"

    async with trio.open_nursery() as waiters:
        for _ in range(20):
            waiters.start_soon(renew)
    tokens.reject(refused)  # a straggler

    assert await tokens.get() == "token-2"
    assert endpoint.calls == 2


async def test_a_scope_that_is_not_granted_is_said_at_once(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    tokens = TokenSource(FakeEndpoint(scope="a"), nursery, ("a", "b"))

    with pytest.raises(ApiUnauthorized, match="lacks b"):
        await tokens.get()


async def test_waiting_for_a_silent_endpoint_can_be_cancelled(
    autojump_clock: object, nursery: trio.Nursery
) -> None:
    tokens = TokenSource(HangingEndpoint(), nursery)

    with trio.move_on_after(3) as scope:
        await tokens.get()

    assert scope.cancelled_caught


def test_the_secret_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(ServiceAccount("key", "hunter2"))
