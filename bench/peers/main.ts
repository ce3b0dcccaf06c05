/**
 * What users would pick instead, and Myriad, on the same tasks in the same session.
 *
 *   npm run bench:peers -- [--only TEXT] [--runs 3] [--scale 1] [--folder DIR]
 *
 * Each is installed into a folder that is removed afterwards, or into --folder, which is kept and used again. What cannot
 * be installed here is skipped, and the reason printed. Nothing listens on more than the loopback.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MyriadError } from "../../src/base/error.ts";
import { atEnd } from "../at-end.ts";
import { integerFlag, runCommand, scaleFlag } from "../command.ts";
import { markdownTable, shown } from "../report.ts";
import { median } from "../statistics.ts";
import { runHarness, runMarked } from "./harness.ts";
import { MYRIAD } from "./myriad-tasks.ts";
import { type Measured, PEERS, type Peer, type Task } from "./peer.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RUNS_MAX = 100;
const NOUNS: Readonly<Record<Task, string>> = {
  messages: "messages/s",
  "round trips": "round trips/s",
  epidemic: "agent-days/s",
};

/** Rates by what was measured: the key is the peer's name, the task and how it was done. */
type Rates = Map<string, { peer: string; task: Task; how: string; rates: number[] }>;

await runCommand(async () => {
  const { values: flags } = parseArgs({
    options: {
      only: { type: "string", default: "" },
      runs: { type: "string", default: "3" },
      scale: { type: "string", default: "1" },
      folder: { type: "string" },
    },
  });
  const runs = integerFlag("runs", flags.runs, 1, RUNS_MAX);
  const scale = scaleFlag(flags.scale);
  const chosen = PEERS.filter(({ name }) => name.toLowerCase().includes(flags.only.toLowerCase()));
  if (chosen.length === 0) {
    const names = PEERS.map(({ name }) => name).join(", ");
    throw new MyriadError("INVALID_ARGUMENT", `--only ${flags.only}: there are ${names}`);
  }
  const folder = flags.folder === undefined ? mkdtempSync(join(tmpdir(), "myriad-peers-")) : resolve(flags.folder);
  const clean = atEnd(() => {
    if (flags.folder === undefined) rmSync(folder, { recursive: true, force: true });
  });
  try {
    const peers: Peer[] = [];
    for (const peer of chosen) if (await installed(peer, folder)) peers.push(peer);
    const rates: Rates = new Map();
    for (let run = 0; run < runs; run++) await measureAll(peers, folder, scale, rates);
    console.log(tableOf(rates));
    return 0;
  } finally {
    clean();
  }
});

function folderOf(peer: Peer, folder: string): string {
  return join(folder, peer.name.replace(/\W+/g, "-"));
}

async function installed(peer: Peer, folder: string): Promise<boolean> {
  const own = folderOf(peer, folder);
  if (peer.install === undefined || existsSync(own)) return true;
  console.error(`installing ${peer.name}`);
  mkdirSync(own, { recursive: true });
  try {
    await runMarked(["bash", peer.install, own]);
    return true;
  } catch (reason) {
    rmSync(own, { recursive: true, force: true });
    console.log(`${peer.name}: skipped: it cannot be installed here: ${(reason as Error).message}`);
    return false;
  }
}

/** Each peer in turn, and after it Myriad on the tasks that it has. */
async function measureAll(peers: Peer[], folder: string, scale: number, rates: Rates): Promise<void> {
  for (const peer of [...peers]) {
    console.error(`measuring ${peer.name}`);
    try {
      const measured = await runHarness(peer.command(folderOf(peer, folder), scale));
      for (const one of measured) add(rates, peer.name, one);
      for (const task of new Set(measured.map((one) => one.task)))
        add(rates, "Myriad", await MYRIAD[task](ROOT, scale));
    } catch (reason) {
      console.log(`${peer.name}: skipped: ${(reason as Error).message}`);
      peers.splice(peers.indexOf(peer), 1);
    }
  }
}

function add(rates: Rates, peer: string, { task, how, count, seconds }: Measured): void {
  const key = [peer, task, how].join("\n");
  const entry = rates.get(key) ?? { peer, task, how, rates: [] };
  entry.rates.push(count / seconds);
  rates.set(key, entry);
}

/** By task, Myriad first. */
function tableOf(rates: Rates): string {
  const entries = [...rates.values()];
  const rows = (Object.keys(NOUNS) as Task[]).flatMap((task) => {
    const own = entries.find((entry) => entry.task === task && entry.peer === "Myriad");
    const others = entries.filter((entry) => entry.task === task && entry !== own);
    return (own === undefined ? others : [own, ...others]).map((entry) => {
      const rate = median(entry.rates);
      const versus = own === undefined || entry === own ? "" : (median(own.rates) / rate).toPrecision(3);
      return [NOUNS[task], entry.peer, shown(rate, "events/s"), versus, entry.how];
    });
  });
  return markdownTable([["counted", "by", "median", "Myriad is so many times as fast", "how"], ...rows]);
}
