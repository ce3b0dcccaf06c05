import { MemoryNetwork, MemoryTransport } from "./memory.ts";
import { transportSuite } from "./transport.suite.ts";

transportSuite("memory", () => {
  const network = new MemoryNetwork();
  return () => new MemoryTransport(network);
});
