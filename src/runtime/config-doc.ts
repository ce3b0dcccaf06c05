import { type ConfigKey, configKeys, describeRange, environmentName, type Role } from "./config-keys.ts";

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
    .map(
      ([name, key]) =>
        `| \`${name}\` | \`${environmentName(name)}\` | ${rangeOf(key)} | ${defaultOf(key, role)} | ${key.means} |`,
    );
  return ["| key | environment | value | default | meaning |", "| --- | --- | --- | --- | --- |", ...rows].join("\n");
}

const rangeOf = (key: ConfigKey): string => describeRange(key).replaceAll("|", "\\|");

function defaultOf(key: ConfigKey, role: Role): string {
  const value = key.defaults?.[role];
  if (value !== undefined) return `\`${value}\``;
  return key.required ? "required" : "none";
}
