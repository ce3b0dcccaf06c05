"""Ray actors on this machine alone: `python harness.py SCALE FOLDER` prints a line of JSON a figure."""

import ctypes
import fcntl
import json
import os
import random
import socket
import struct
import sys
import time

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_DISABLE_IMPORT_WARNING"] = "1"
import ray  # noqa: E402

SCALE = float(sys.argv[1])
FOLDER = sys.argv[2]
ACTORS = 8
TOKENS = 64
HOPS = max(1, round(150 * SCALE))
AGENTS = 10_000
STEPS = max(1, round(20 * SCALE))
ROUND_TRIPS = max(10, round(1_000 * SCALE))


@ray.remote(num_cpus=0)
class Agent:
    """One agent, one actor, one process. Calls are not waited for."""

    def __init__(self):
        self.count = 0

    def meet(self, peers, collector):
        self.peers = peers
        self.collector = collector

    def echo(self, value):
        return value

    def receive(self, value, hops):
        self.count += 1
        if hops > 1:
            random.choice(self.peers).receive.remote(value, hops - 1)
        else:
            self.collector.done.remote()


@ray.remote(num_cpus=0)
class Collector:
    def __init__(self, expected):
        self.left = expected

    def done(self):
        self.left -= 1

    def remaining(self):
        return self.left


@ray.remote(num_cpus=0)
class Group:
    """Half of the agents, a step at a time: messages of a step travel as lists."""

    def __init__(self, number):
        self.number = number
        self.counts = [0] * AGENTS

    def step(self, inbox):
        out = ([], [])
        for to, value in inbox:
            self.counts[to] += 1
            target = random.randrange(AGENTS)
            out[target % 2].append((target, value))
        return out


def report(task, how, count, seconds):
    print(json.dumps({"task": task, "how": how, "count": count, "seconds": seconds}), flush=True)


def round_trips(agent):
    for i in range(100):
        ray.get(agent.echo.remote(i))
    since = time.perf_counter()
    for i in range(ROUND_TRIPS):
        ray.get(agent.echo.remote(i))
    report("round trips", "ray.get of one actor call at a time", ROUND_TRIPS, time.perf_counter() - since)


def messages(agents):
    collector = Collector.remote(TOKENS)
    ray.get([agent.meet.remote(agents, collector) for agent in agents])
    since = time.perf_counter()
    for i in range(TOKENS):
        agents[i % ACTORS].receive.remote(i / 7, HOPS)
    while ray.get(collector.remaining.remote()) > 0:
        time.sleep(0.01)
    how = f"{ACTORS} agents, an actor each, {TOKENS} messages under way (an actor is a process)"
    report("messages", how, TOKENS * HOPS, time.perf_counter() - since)


def grouped():
    groups = [Group.remote(number) for number in range(2)]
    inboxes = [[(to, to / 7) for to in range(number, AGENTS, 2)] for number in range(2)]
    ray.get([group.step.remote([]) for group in groups])
    since = time.perf_counter()
    for _ in range(STEPS):
        out = ray.get([group.step.remote(inbox) for group, inbox in zip(groups, inboxes)])
        inboxes = [out[0][number] + out[1][number] for number in range(2)]
    how = "10,000 agents in 2 actors, written as steps through the driver"
    report("messages", how, AGENTS * STEPS, time.perf_counter() - since)


def confine():
    """Ray's servers listen on every address of the machine: give it a network with nothing but a loopback (Linux)."""
    new_net, new_user = 0x40000000, 0x10000000
    uid = os.getuid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_net if uid == 0 else new_net | new_user) != 0:
        sys.exit("Ray listens on all addresses, and this machine does not let it be confined to the loopback")
    if uid != 0:
        with open("/proc/self/uid_map", "w") as file:
            file.write(f"{uid} {uid} 1")
    interface_up, set_flags = 1, 0x8914
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh22x", b"lo", interface_up))


confine()
ray.init(
    address="local",
    num_cpus=2,
    include_dashboard=False,
    log_to_driver=False,
    logging_level="ERROR",
    object_store_memory=128 * 1024 * 1024,
    _node_ip_address="127.0.0.1",
    _temp_dir=FOLDER,
)
try:
    actors = [Agent.remote() for _ in range(ACTORS)]
    round_trips(actors[0])
    messages(actors)
    grouped()
finally:
    ray.shutdown()
