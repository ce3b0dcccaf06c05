import type { InitializeHook, ResolveHook } from "node:module";

/** Runs in Node's loader thread: see `module.register`. */
let home = "";

export const initialize: InitializeHook<{ home: string }> = (data) => {
  home = data.home;
};

/**
 * `myriad` is this package and no other copy, so that a scenario's agents and the engine's are of the same classes;
 * `zod` is ours where the scenario has none; and a scenario's own files are modules whatever package.json is near them.
 */
export const resolve: ResolveHook = async (specifier, context, next) => {
  if (specifier === "myriad" || specifier.startsWith("myriad/"))
    return next(specifier, { ...context, parentURL: home });
  const result = await resolveOrOurs(
    specifier,
    () => next(specifier, context),
    () => next(specifier, { ...context, parentURL: home }),
  );
  const own = /^file:.*\.[jt]s(\?|$)/.test(result.url) && !result.url.includes("/node_modules/");
  return own && result.format !== "module" ? { ...result, format: "module" } : result;
};

type Resolved = ReturnType<Parameters<ResolveHook>[2]>;

async function resolveOrOurs(
  specifier: string,
  theirs: () => Resolved,
  ours: () => Resolved,
): Promise<Awaited<Resolved>> {
  try {
    return await theirs();
  } catch (reason) {
    if (specifier !== "zod") throw reason;
    return await ours();
  }
}
