import { type ConfigKey, describeRange, environmentName, type Role } from "./config-key.ts";
import { configKeys } from "./config-keys.ts";

const TITLES: Readonly<Record<Role, string>> = {
  master: "Master",
  worker: "Worker",
  single: "Single",
};

/** The tables of docs/config.md, one a role. */
export const configTables = (): string =>
  (Object.keys(TITLES) as Role[]).map((role) => `## ${TITLES[role]}\n\n${roleTable(role)}`).join("\n\n");

function roleTable(role: Role): string {
  const rows = configKeys()
    .filter(([, key]) => key.roles.includes(role))
    .map(([name, key]) => [
      `\`${name}\``,
      `\`${environmentName(name)}\``,
      describeRange(key),
      defaultOf(key, role),
      key.means,
    ]);
  return aligned([["key", "environment", "value", "default", "meaning"], ...rows]);
}

/** A table in Markdown as the formatter writes it: all cells of a column as wide as the widest. */
function aligned(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, c) => Math.max(...rows.map((row) => row[c]!.length)));
  const lines = rows.map((row) => `| ${row.map((cell, c) => cell.padEnd(widths[c]!)).join(" | ")} |`);
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [lines[0]!, rule, ...lines.slice(1)].join("\n");
}

function defaultOf(key: ConfigKey, role: Role): string {
  const value = key.defaults?.[role];
  if (value !== undefined) return `\`${value}\``;
  return key.required ? "required" : "none";
}
