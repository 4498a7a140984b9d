"""
Who wants to hear of what: changed lists, updated resources.

One hub for all clients of both eras. Children are watched for the union of what clients watch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import trio

from museod.gateway.catalogue import Catalogue
from museod.gateway.children import Child, Children
from museod.gateway.upstream import Upstream
from museod.wire.listings import CAPABILITIES

# One client that watches more has lost its way; so many URIs are one request of some hundred KiB to a child.
MAX_URIS = 1_000
MAX_URI_CHARS = 2_048
CONFIRM_SECONDS = 2.0

ListChanged = Callable[[str], None]
Updated = Callable[[str], None]


@dataclass(eq=False, slots=True)
class Subscription:
    """
    One client's wishes.

    Args:
        on_list: told "tools", "resources" or "prompts" when that list has changed.
        on_updated: told the URI of a watched resource that has changed.
    """

    on_list: ListChanged
    on_updated: Updated
    lists: frozenset[str] = frozenset()
    uris: set[str] = field(default_factory=set)


class Subscriptions:
    """The wishes of all clients, and what the children are asked for because of them."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._subscriptions: set[Subscription] = set()
        self._watched: Counter[str] = Counter()
        self._known = children.catalogue
        children.subscribe(self._catalogue_changed)
        children.arrivals.append(self._arrived)

    def open(self, subscription: Subscription) -> None:
        """Tell it from now on."""
        self._subscriptions.add(subscription)
        self._watch(subscription.uris)

    def close(self, subscription: Subscription) -> None:
        """Tell it nothing any more."""
        self._subscriptions.discard(subscription)
        self._unwatch(subscription.uris)

    def add_uri(self, subscription: Subscription, uri: str) -> None:
        """Watch one more resource for it."""
        if uri not in subscription.uris:
            subscription.uris.add(uri)
            self._watch([uri])

    def drop_uri(self, subscription: Subscription, uri: str) -> None:
        """Watch one resource less for it."""
        if uri in subscription.uris:
            subscription.uris.discard(uri)
            self._unwatch([uri])

    async def wait_watched(self, uris: Iterable[str]) -> None:
        """
        Return when the children that have `uris` tell of their changes, so that none is missed from then on.

        A child that does not confirm holds nobody up for longer than `CONFIRM_SECONDS`.
        """
        wanted = set(uris)
        with trio.move_on_after(CONFIRM_SECONDS):
            for name in self._children.having("resources"):
                for upstream in self._children[name].upstreams[:1]:
                    await upstream.changes.wait_watching(wanted & self._wanted_of(name))

    def _watch(self, uris: Iterable[str]) -> None:
        new = [uri for uri in uris if not self._watched[uri]]
        self._watched.update(uris)
        if new:
            self._tell_children()

    def _unwatch(self, uris: Iterable[str]) -> None:
        gone = False
        for uri in uris:
            self._watched[uri] -= 1
            if self._watched[uri] <= 0:
                del self._watched[uri]
                gone = True
        if gone:
            self._tell_children()

    def _tell_children(self) -> None:
        for name in self._children.having("resources"):
            self._tell_child(self._children[name])

    def _tell_child(self, child: Child) -> None:
        # One process of a pool is enough, and all of them would tell everything twice.
        if child.upstreams:
            child.upstreams[0].changes.watch_resources(self._wanted_of(child.policy.child))

    def _wanted_of(self, child: str) -> set[str]:
        catalogue = self._children.catalogue
        only = self._children.having("resources") == [child]
        wanted = set()
        for uri in self._watched:
            owner = catalogue.owner_of(uri)
            if owner.child == child if owner is not None else only:
                wanted.add(uri)
        return wanted

    def _arrived(self, child: Child, upstream: Upstream) -> None:
        upstream.changes.on_updated = self._updated
        if self._watched:
            self._tell_child(child)

    def _updated(self, uri: str) -> None:
        if uri not in self._watched:
            return
        for subscription in list(self._subscriptions):
            if uri in subscription.uris:
                subscription.on_updated(uri)

    def _catalogue_changed(self, catalogue: Catalogue) -> None:
        before, self._known = self._known, catalogue
        changed = [name for name in CAPABILITIES if _listing(before, name) != _listing(catalogue, name)]
        for subscription in list(self._subscriptions):
            for name in changed:
                if name in subscription.lists:
                    subscription.on_list(name)


def _listing(catalogue: Catalogue, name: str) -> object:
    if name == "tools":
        return [(key, entry.listed) for key, entry in catalogue.entries.items()]
    if name == "prompts":
        return [(key, item.listed) for key, item in catalogue.prompts.items()]
    return (
        [(key, item.listed) for key, item in catalogue.resources.items()],
        [item.listed for item in catalogue.templates],
    )
