/** The layers of ARCHITECTURE.md: a folder imports only from folders below it in this list. */
const LAYERS = ["cli", "runtime", "cluster", "engine", "model", "placement", "net", "store", "wire", "base"];

const upward = LAYERS.slice(1).map((layer, i) => ({
  name: `no-import-up-from-${layer}`,
  comment: `src/${layer} may import only from ${LAYERS.slice(i + 1).join(", ")}`,
  severity: "error",
  from: { path: `^src/${layer}/`, pathNot: "\\.(test|suite)\\.ts$" },
  to: { path: `^src/(index|testing/|${LAYERS.slice(0, i + 1).join("/|")}/)` },
}));

/** Libraries that one place alone may know. */
const only = (library, path) => ({
  name: `${library}-only-there`,
  severity: "error",
  from: { path: "^src/", pathNot: `${path}|\\.(test|suite)\\.ts$` },
  to: { path: `node_modules/${library}/` },
});

module.exports = {
  forbidden: [
    ...upward,
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "base-has-no-packages",
      severity: "error",
      from: { path: "^src/base/", pathNot: "\\.(test|suite)\\.ts$" },
      to: { dependencyTypes: ["npm"] },
    },
    {
      name: "nothing-imports-testing",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/testing/|\\.(test|suite)\\.ts$" },
      to: { path: "^src/testing/" },
    },
    {
      name: "engine-has-no-network-and-no-disk",
      severity: "error",
      from: { path: "^src/(engine|model|wire|base)/", pathNot: "\\.(test|suite)\\.ts$" },
      to: { path: "^(node:)?(fs|fs/promises|net|http|http2|https|child_process|worker_threads)$" },
    },
    only("pino", "^src/runtime/log\\.ts$"),
    only("commander", "^src/cli/"),
    only("msgpackr", "^src/wire/"),
    only("tsx", "^src/runtime/"),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
