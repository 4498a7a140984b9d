"""
The composition root: the only place that builds things, and the owner of the nursery tree.

    root                         signals, watchdog, loop lag, dependencies
    └ stores                     closed last
      └ connections              one task each; drained before the children go
        └ children               the supervisor's keepers
          └ accepting            cancelled first

The port is open while the children start, so that /health and /ready answer from the first moment; the
sockets are bound before anything else, so that a busy port costs nothing.

    wiring    configuration to specs, policies and token reader
    daemon    everything of one daemon, wired but not running
    port      its listeners and connections
    running   `museod serve` and `museod stdio`
"""
