import { describe, expect, test } from "vitest";
import { checkBeat, configFromEnvironment, parseConfig } from "./config.ts";
import { type ConfigKey, environmentName, type Role } from "./config-key.ts";
import { CONFIG_KEYS, configKeys, type KeyName } from "./config-keys.ts";

const base = (role: Role): Record<string, unknown> => (role === "worker" ? { masterAddress: "127.0.0.1" } : {});
const parse = (role: Role, input: Record<string, unknown>): Record<string, unknown> =>
  parseConfig(role, { ...base(role), ...input }, "test") as unknown as Record<string, unknown>;
const numeric = configKeys().filter(([, key]) => key.min !== undefined);
const eachRole = (entries: [KeyName, ConfigKey][]): [Role, KeyName, ConfigKey][] =>
  entries.flatMap(([name, key]) => key.roles.map((role): [Role, KeyName, ConfigKey] => [role, name, key]));

describe("limits", () => {
  test.each(eachRole(numeric))("%s %s at its limits, below and above", (role, name, key) => {
    const { min, max } = key as { min: number; max: number };
    const step = key.kind === "integer" ? 1 : key.kind === "seconds" ? 0.001 : Math.max(Number.MIN_VALUE, min * 1e-15);
    expect(parse(role, { [name]: min })[name]).toBe(min);
    expect(parse(role, { [name]: max })[name]).toBe(max);
    for (const value of [
      min - step,
      max + Math.max(step, max * 1e-15),
      Number.NaN,
      Number.POSITIVE_INFINITY,
      "5",
      true,
      null,
      [1],
    ]) {
      expect(() => parse(role, { [name]: value }), String(value)).toThrow(`INVALID_CONFIG: test: ${name} is `);
    }
    if (key.kind === "integer") expect(() => parse(role, { [name]: min + 0.5 })).toThrow("it must be an integer from");
  });

  const texts = configKeys().filter(([, key]) => key.min === undefined);
  test.each(eachRole(texts))("%s %s refuses what is of another kind", (role, name, key) => {
    const record = name === "breaker" ? { halfOpenSuccess: 1 } : name === "pool" ? { shards: 1 } : { beta: 1 };
    const good = key.kind === "record" ? record : key.kind === "choice" ? key.choices![0] : "word";
    expect(parse(role, { [name]: good })[name]).toEqual(good);
    for (const value of ["", 5, true, null, [1]]) {
      expect(() => parse(role, { [name]: value }), String(value)).toThrow(`INVALID_CONFIG: test: ${name} is `);
    }
  });

  test("a name is 1 to 128 characters", () => {
    expect(parse("worker", { name: "a".repeat(128) }).name).toHaveLength(128);
    expect(() => parse("worker", { name: "a".repeat(129) })).toThrow("name is");
    expect(() => parse("worker", { name: "a b" })).toThrow("name is");
  });

  test("an address may name its port", () => {
    for (const workerAddress of ["10.0.0.7", "node-1:5000", "[::1]:5000", "::1"]) {
      expect(parse("worker", { workerAddress }).workerAddress).toBe(workerAddress);
    }
    for (const workerAddress of ["node-1:0", "node-1:65536", "node 1", ":5000"]) {
      expect(() => parse("worker", { workerAddress })).toThrow(
        `INVALID_CONFIG: test: workerAddress is "${workerAddress}"; it must be a host name or address, or host:port`,
      );
    }
  });

  test("what is in the records of the connections is checked by name", () => {
    expect(() => parse("worker", { breaker: { recoveryTimeout: 0 } })).toThrow(
      "INVALID_CONFIG: test: breaker.recoveryTimeout is 0; it must be a number of seconds from 1 to 86400",
    );
    expect(() => parse("worker", { pool: { shard: 3 } })).toThrow(
      'INVALID_CONFIG: test: pool: unknown key "shard" (did you mean "shards"?); known are',
    );
    const env = { MYRIAD_BREAKER: '{"failureThreshold":3}' };
    expect(configFromEnvironment("worker", env)).toEqual({ breaker: { failureThreshold: 3 } });
  });

  test("every interval is below what Node's timers take", () => {
    for (const [name, key] of configKeys()) {
      if (key.kind === "seconds") expect(key.max! * 1000, name).toBeLessThan(2 ** 31);
    }
  });
});

describe("the configurations of the specification", () => {
  test("master", () => {
    const input = { listenPort: 10051, expectedWorkers: 3, healthCheckInterval: 1800, workerTimeout: 3600 };
    expect(parse("master", input)).toMatchObject(input);
  });

  test("worker", () => {
    const input = {
      masterAddress: "192.168.1.100",
      masterPort: 10051,
      listenPort: 10052,
      workerAddress: "192.168.1.101",
      heartbeatInterval: 300,
      heartbeatMaxRetries: 5,
    };
    const defaults = { masterWait: 60, peerTimeout: 150, peerWait: 60, capacity: 1, agentsMax: 0 };
    const budgets = { effectsMax: 10_000, logMemory: 256, logMax: 16_384, stagingMemory: 512, stagingMax: 16_384 };
    expect(parse("worker", input)).toEqual({ ...input, ...defaults, ...budgets });
  });

  test("defaults: a beat each second, death after three missed", () => {
    expect(parse("master", {})).toMatchObject({ workerTimeout: 3, healthCheckInterval: 1, expectedWorkers: 1 });
    expect(parse("worker", {})).toMatchObject({ heartbeatInterval: 1, heartbeatMaxRetries: 100, listenPort: 0 });
  });
});

describe("refusals", () => {
  test("unknown keys are named, with the nearest known one", () => {
    expect(() => parse("master", { listen_port: 1 })).toThrow(
      /unknown key "listen_port" \(did you mean "listenPort"\?\)/,
    );
    expect(() => parse("master", { zebra: 1 })).toThrow(/unknown key "zebra"; known are address, listenPort/);
  });

  test("a key of the other role says so", () => {
    expect(() => parse("master", { masterPort: 1 })).toThrow("masterPort is a key of worker, not of master");
    expect(() => parse("single", { listenPort: 1 })).toThrow("listenPort is a key of master and worker, not of single");
  });

  test("keys that objects inherit are unknown too", () => {
    expect(() => parse("master", { constructor: 1 })).toThrow('unknown key "constructor"');
    expect(() => parseConfig("master", JSON.parse('{"__proto__": 1}'), "test")).toThrow('unknown key "__proto__"');
  });

  test("a worker needs to know its master", () => {
    expect(() => parseConfig("worker", {}, "w.yaml")).toThrow("INVALID_CONFIG: w.yaml: masterAddress is required");
  });

  test.each([[null], [[]], ["text"], [5], [undefined]])("%j is not a configuration", (input) => {
    expect(() => parseConfig("master", input, "m.yaml")).toThrow("INVALID_CONFIG: m.yaml: the configuration is");
  });
});

describe("beat and time-out", () => {
  test("three beats must fit into workerTimeout", () => {
    expect(() => checkBeat(3, 1, "hello")).not.toThrow();
    expect(() => checkBeat(2.9, 1, "hello")).toThrow("workerTimeout 2.9 s is below 3 x heartbeatInterval 1 s");
    expect(() => parse("master", { workerTimeout: 2, heartbeatInterval: 1 })).toThrow("workerTimeout 2 s is below");
    expect(() => parse("master", { workerTimeout: 3, heartbeatInterval: 1 })).not.toThrow();
  });

  test("what is not known is not judged", () => {
    expect(() => checkBeat(undefined, 1, "hello")).not.toThrow();
    expect(() => parse("master", { workerTimeout: 0.5 })).not.toThrow();
  });
});

describe("environment", () => {
  test("every key has a variable", () => {
    expect(environmentName("listenPort")).toBe("MYRIAD_LISTEN_PORT");
    expect(environmentName("heartbeatMaxRetries")).toBe("MYRIAD_HEARTBEAT_MAX_RETRIES");
    expect(new Set(Object.keys(CONFIG_KEYS).map(environmentName)).size).toBe(Object.keys(CONFIG_KEYS).length);
  });

  test("values are of their keys' kinds", () => {
    const environment = { MYRIAD_LISTEN_PORT: "7", MYRIAD_ADDRESS: "1", MYRIAD_PARAMS: '{"beta":0.5}', PATH: "/bin" };
    expect(configFromEnvironment("master", environment)).toEqual({
      listenPort: 7,
      address: "1",
      params: { beta: 0.5 },
    });
  });

  test("a bad value names its variable", () => {
    expect(() => configFromEnvironment("master", { MYRIAD_LISTEN_PORT: "abc" })).toThrow(
      'environment MYRIAD_LISTEN_PORT: listenPort is "abc"; it must be an integer from 0 to 65535',
    );
  });

  test("unknown variables are refused; those of the other role and the runtime's own are not looked at", () => {
    expect(() => configFromEnvironment("master", { MYRIAD_LISTENPORT: "1" })).toThrow(
      'did you mean "MYRIAD_LISTEN_PORT"',
    );
    expect(configFromEnvironment("master", { MYRIAD_MASTER_PORT: "x", MYRIAD_SPAWNED: "1" })).toEqual({});
  });
});
