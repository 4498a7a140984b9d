"""
Supervisor: keeps the children running, and leaves nothing of them behind.

Owns: what a child is (`spec`), the states it goes through (`states`), when it is started again (`restarts`),
one incarnation from spawn to the last signal (`process`, `stderr`), one child over many incarnations
(`keeper`), several instances of one child (`pool`), all of them (`supervisor`), and the nets against orphans:
`reaper` while the daemon lives, `guardian` (started by `guarding`) when it has died without a word.

Must not know: MCP, tools, callers. What is done with a running child is `attend`, handed in by whoever builds
the daemon: it lives exactly as long as the incarnation does, it says when the child is ready, and when it
returns or raises the incarnation is over.

Cut this way because each part has a different test: data and tables (spec, states, restarts, stderr lines)
need no process, the keeper needs a virtual clock and a fake process, and only process, reaper and guardian
need the operating system.

A descendant that clears its environment, leaves its session and outlives the daemon escapes everything here
but systemd's cgroup kill.
"""
