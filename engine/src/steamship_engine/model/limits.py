"""Every limit of the engine, in one table. Sizes are bytes and times are seconds unless a name says otherwise.

A room takes its part as an argument with the default below, so that a test can hand it a smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True)
class BundleLimits:
    """What an uploaded zip may be.

    `inflated` is counted while inflating. Above `ratio_floor` inflated bytes the whole and each entry may
    be at most `ratio` times their packed size. `directory` is the zip's own table of contents.
    """

    packed: int = 200 * MIB
    inflated: int = 1 * GIB
    entries: int = 20_000
    ratio: int = 200
    ratio_floor: int = 10 * MIB
    directory: int = 8 * MIB
    path: int = 1024
    name: int = 255
    depth: int = 32
    text_file: int = 1 * MIB
    requirements: int = 500


@dataclass(frozen=True)
class RuntimeLimits:
    """What workers and environments may take.

    `load` is the longest an import may take; `stall` is how long a caller may leave a reply
    unread, `cancel` how long a coroutine that is told to end may take. At most `queued` calls wait for one
    instance and at most `workers` workers live; a call waits `room` for one of them to sleep. A worker is stopped
    after `idle` without a call, a further one of an instance after `further_idle`; one that is put down may
    finish its calls within `drain`. A further one is started when a call has waited `grow`. At most `depth` calls
    may wait for one; a task's call waits `patience` for those it was submitted in before it takes a further
    worker. A worker runs at most `slots` calls at once; one with a single slot is sent at most `ahead` calls of
    up to `small` bytes. At most `zygotes` live, with `zygote_memory` bytes together; those with workers count, but stay.
    The `spares` used last keep a worker ready that is nobody's yet. At most `builds` environments are made of wheels at
    once, and as many built; each within `build`, and a deploy waits `turn` for those before it.
    """

    load: float = 60
    stall: float = 60
    idle: float = 300
    further_idle: float = 30
    depth: int = 8
    patience: float = 0.25
    grow: float = 0.05
    drain: float = 5
    room: float = 10
    cancel: float = 0.25
    slots: int = 100
    ahead: int = 16
    small: int = 64 * KIB
    workers: int = 1_000
    zygotes: int = 64
    zygote_memory: int = 1 * GIB
    spares: int = 16
    queued: int = 256
    frame_header: int = 1 * MIB
    frame_body: int = 1 * MIB
    reply: int = 1 * GIB
    log_line: int = 8 * KIB
    log_frames_a_second: int = 2_000
    build: float = 900
    turn: float = 120
    inspects: int = 2
    builds: int = 2
    describes: int = 2


@dataclass(frozen=True)
class BuildLimits:
    """What making one environment may take where strangers' code is run for it, and what may come of it.

    The process that does it has `memory` with all that it starts, what it has written to `scratch` among it. What it
    hands over has at most `entries` files and folders and `size` bytes, and leaves `spare` bytes of the disk free.
    """

    memory: int = 4 * GIB
    cpu: float = 2
    processes: int = 256
    files: int = 4096
    scratch: int = 3 * GIB
    entries: int = 100_000
    size: int = 2 * GIB
    spare: int = 1 * GIB
    path: int = 1024
    name: int = 255
    depth: int = 48


@dataclass(frozen=True)
class GatewayLimits:
    """What a call of a package may send, and how long the gateway remembers control's answers.

    `remembered` bounds each of its memories, in entries. `task` is what a call in the background may send,
    and answer; when the instance is busy it is tried again for `task_patience`. `head` is a request's address
    and headers as they arrive, which must end after `head_s`; it is above `headers`, whose refusal says more.
    A body of at most `small` is awaited whole before the call begins.
    """

    body: int = 100 * MIB
    small: int = 64 * KIB
    head: int = 256 * KIB
    head_s: float = 10
    task: int = 16 * MIB
    task_patience: float = 3600
    headers: int = 64 * KIB
    remember: float = 1
    remembered: int = 10_000


@dataclass(frozen=True)
class RequestLimits:
    """What one request to the API may carry.

    `json` is a whole JSON body; `form` is all fields of a multipart body together, the file apart, and
    `fields` their number; `upload` is the file, `config` an instance's config as JSON. `depth` is how
    deeply values may be nested. At most `threads` operations run at once, `uploads` of those with a file, and at
    most `waiting` wait for a thread. Threads are few, for they take turns with the calls of packages.
    """

    json: int = 16 * MIB
    form: int = 16 * MIB
    fields: int = 20_000
    depth: int = 100
    upload: int = 4 * GIB
    config: int = 256 * KIB
    threads: int = 2
    uploads: int = 8
    waiting: int = 512


@dataclass(frozen=True)
class RecordLimits:
    """What is kept of what packages say and of how they were called.

    At most `batch` records are written at once, `every` seconds at the latest, and at most `waiting` wait
    for that. Records older than `keep` go, and those above `all`, or above `instance` of one instance;
    they are looked for every `prune` seconds.
    """

    batch: int = 1_000
    every: float = 1
    waiting: int = 20_000
    keep: float = 30 * 24 * 3600
    all: int = 1_000_000
    instance: int = 10_000
    prune: float = 60


@dataclass(frozen=True)
class LoginLimits:
    """Logins by the approve page.

    An attempt may be approved and fetched for `lifetime`, and ends after `refused_keys` keys that open
    nothing. Above `attempts` at once the oldest that nobody has approved yet end. `form` is what the
    page may send, and at most `threads` of its requests are worked on at once, `waiting` waiting.
    """

    lifetime: float = 300
    refused_keys: int = 5
    attempts: int = 10_000
    form: int = 16 * KIB
    threads: int = 4
    waiting: int = 64


@dataclass(frozen=True)
class AuditLimits:
    """What of refusals the audit trail keeps; of users' changes it keeps every one.

    A refusal is written `every` seconds at the latest. The like of it within `window` seconds are counted in one
    further line. Of one source at most `source` different ones are told apart in that time, and of one kind, of all of
    one kind of actor, at most `all`; above that they are only counted. Of changes by packages' code the like within
    `window` are counted too, of at most `changes` different ones. A listing or a check reads `page` lines at once.
    """

    every: float = 1
    window: float = 60
    source: int = 20
    all: int = 60
    changes: int = 1_000
    page: int = 5_000


@dataclass(frozen=True)
class EgressLimits:
    """What workers may have under way beyond their own network.

    A worker has at most `connections` open to the proxy, and as many to the engine itself; the proxy serves at most
    `all`, the engine as many, and at most `lookups` names are looked up for one worker at once. A name is resolved,
    with the wait for that, within `resolve`, a server reached within `connect`; a request's head comes within `head`, and what nothing has moved through for `idle` ends. A worker's
    refusals are said in its log every `say` at most.
    """

    connections: int = 64
    all: int = 2_048
    lookups: int = 4
    resolve: float = 10
    connect: float = 10
    head: float = 60
    idle: float = 600
    say: float = 1


BUNDLE = BundleLimits()
REQUEST = RequestLimits()
LOGIN = LoginLimits()
GATEWAY = GatewayLimits()
RUNTIME = RuntimeLimits()
BUILD = BuildLimits()
EGRESS = EgressLimits()
RECORDS = RecordLimits()
AUDIT = AuditLimits()
