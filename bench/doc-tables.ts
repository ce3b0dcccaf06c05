import { AGENTS, GRAINS, pholdName, REMOTES, WORKERS } from "./phold-cases.ts";
import { type Figure, markdownTable, type Report, reportTable, shown } from "./report.ts";

/** The figures of bench/baseline.json as docs/benchmarks.md shows them: the grid of PHOLD crosswise, all else one a row. */
export function docTables({ machine, loadAverageAtEnd, runs, figures }: Report): string {
  const byName = new Map(figures.map((figure) => [figure.name, figure]));
  const grid = new Set<string>();
  const rows = AGENTS.flatMap((agents) =>
    REMOTES.map((remote) => {
      const cells = GRAINS.flatMap((grain) =>
        WORKERS.map((workers) => {
          const name = pholdName(agents, remote, grain, workers);
          grid.add(name);
          return cellOf(byName.get(name));
        }),
      );
      return [agents.toLocaleString("en"), String(remote), ...cells];
    }),
  );
  const columns = GRAINS.flatMap((grain) => WORKERS.map((workers) => `${grain} µs, ${workers} w`));
  const gib = Math.round(machine.memoryBytes / 2 ** 30);
  const facts = [
    `${machine.cpu}, ${machine.cores} cores, ${gib} GiB, Node ${machine.node}`,
    `load average ${machine.loadAverage} before and ${loadAverageAtEnd} after`,
    `revision ${machine.revision.slice(0, 12)}, ${machine.date.slice(0, 10)}`,
    `median of ${runs} runs`,
  ];
  return [
    `${facts.join("; ")}.`,
    "PHOLD, events/s, by grain and number of workers:",
    markdownTable([["agents", "remote", ...columns], ...rows]),
    "The rest:",
    reportTable(figures.filter(({ name }) => !grid.has(name))),
  ].join("\n\n");
}

const cellOf = (figure: Figure | undefined): string => (figure === undefined ? "" : shown(figure.median, "events/s"));
