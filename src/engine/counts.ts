/** Counts of one worker, over the whole run. */
export interface Counts {
  /** Deliveries to a handler. */
  delivered: number;
  /** Events that came from another worker. */
  remote: number;
  /** To retired agents. */
  undeliverable: number;
  /** To quarantined agents, and replies that came too late. */
  dropped: number;
  /** Windows that had an event anywhere. */
  windows: number;
  /** Calls to the world outside that handlers made; asking again after a restore is none. */
  effects: number;
}
