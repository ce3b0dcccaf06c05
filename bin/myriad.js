#!/usr/bin/env node
import("../dist/cli/main.js").then((cli) => cli.main(process.argv), explain);

function explain(reason) {
  const missing = reason?.code === "ERR_MODULE_NOT_FOUND" && String(reason.message).includes("dist/cli/main.js");
  console.error(missing ? "error: Myriad is not built; run `npm run build` first" : reason);
  process.exitCode = 1;
}
