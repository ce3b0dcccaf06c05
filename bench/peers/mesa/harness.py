"""Mesa on the epidemic of examples/epidemic, on the same network: `python harness.py SCALE EDGES` prints a line of JSON."""

import gzip
import json
import sys
import time

import mesa

SCALE = float(sys.argv[1])
EDGES = sys.argv[2]
DAYS = max(1, round(120 * min(1, SCALE)))
SEEDS = range(5)
INITIAL = 10
TRANSMISSION = 0.05


class Person(mesa.Agent):
    """As in examples/epidemic: who falls ill meets some friends, each on a day drawn from those until recovery."""

    def __init__(self, model):
        super().__init__(model)
        self.health = "susceptible"
        self.friends = []
        self.meetings = {}
        self.recovers = 0

    def expose(self):
        if self.health != "susceptible":
            return
        self.health = "infectious"
        today = self.model.day
        days = 5 + self.random.randrange(5)
        for friend in self.friends:
            if self.random.random() < TRANSMISSION:
                self.meetings.setdefault(today + 1 + self.random.randrange(days), []).append(friend)
        self.recovers = today + days

    def step(self):
        if self.health != "infectious":
            return
        today = self.model.day
        for friend in self.meetings.pop(today, ()):
            friend.expose()
        if today >= self.recovers:
            self.health = "recovered"


class Epidemic(mesa.Model):
    def __init__(self, edges, seed):
        super().__init__(seed=seed)
        self.day = 0
        people = {}
        for a, b in edges:
            for label in (a, b):
                if label not in people:
                    people[label] = Person(self)
            people[a].friends.append(people[b])
            people[b].friends.append(people[a])
        self.people = list(people.values())
        self.collector = mesa.DataCollector(
            {name: lambda model, name=name: model.count(name) for name in ("susceptible", "infectious", "recovered")}
        )
        for _ in range(INITIAL):
            self.people[self.random.randrange(len(self.people))].expose()

    def count(self, health):
        return sum(person.health == health for person in self.people)

    def step(self):
        self.day += 1
        self.agents.do("step")
        self.collector.collect(self)


def read_edges():
    with gzip.open(EDGES, "rt") as file:
        return [tuple(line.split()[:2]) for line in file if line.strip() and line[0] not in "#%"]


edges = read_edges()
count = 0
seconds = 0.0
recovered = 0
for seed in SEEDS:
    model = Epidemic(edges, seed)
    since = time.perf_counter()
    for _ in range(DAYS):
        model.step()
    seconds += time.perf_counter() - since
    count += len(model.people) * DAYS
    recovered += model.count("recovered")
how = f"one process, 120 days of 4,039 people, 5 seeds; {round(recovered / len(SEEDS)):,} recovered in the mean"
print(json.dumps({"task": "epidemic", "how": how, "count": count, "seconds": seconds}))
