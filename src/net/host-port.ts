/** Brackets around an IPv6 address, as host:port needs. */
export const hostPort = (host: string, port: number): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** Takes apart what `hostPort` made, or what stands for it without a host (`:port`): then that is "". */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const colon = address.lastIndexOf(":");
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(address.slice(colon + 1)) };
}

const PORT_MAX = 65_535;

/**
 * Takes `host`, `host:port`, `[v6]` or `[v6]:port` apart; an IPv6 address without brackets has no port. Undefined when
 * there is no host, or the port is none from 1 to 65535.
 */
export function splitHostPort(text: string): { host: string; port?: number } | undefined {
  const bare = text.split(":").length > 2 && !text.startsWith("[");
  const parts = bare ? [text, text] : /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  if (parts === null || /\s/.test(text)) return undefined;
  const host = (parts[1] ?? parts[2])!;
  if (parts[3] === undefined) return { host };
  const port = Number(parts[3]);
  return port >= 1 && port <= PORT_MAX ? { host, port } : undefined;
}
