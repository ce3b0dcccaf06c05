/** Every limit of the runtime, with its reason. Tests stand at each limit, one below and one above. */

/** No agent: the sender of start events. Also bounds indices, which are u32. */
export const NOBODY = 0xffff_ffff;
/** Agent indices stay positive in 32-bit integer arithmetic. */
export const AGENTS_MAX = 2 ** 31;
/** Event type ids are u16; the last one means "unknown". */
export const EVENT_TYPES_MAX = 65_535;
/** Agent type ids are u16 in population chunks. */
export const AGENT_TYPES_MAX = 65_535;
/** Worker ids are u16 in the placement map; a full mesh ends long before. */
export const WORKERS_MAX = 1_024;
/** Capacities of workers are relative: a worker a billion times as strong as another is a slip of the pen. */
export const CAPACITY_MIN = 0.001;
export const CAPACITY_MAX = 1_000_000;
/** Windows are numbered in 31 bits: handles of timers carry the number, and no run reaches it window by window. */
export const WINDOWS_MAX = 2 ** 31 - 1;
/** A handle of `send` or `schedule` names its event until the agent has sent this many more (22 bits beside the window). */
export const HANDLE_SPAN = 2 ** 22;
/** Draw, send, child and call counters are u32; a run that would wrap one ends by name. */
export const COUNTER_MAX = 0xffff_fffe;
/** Zero-delay events to oneself may cause each other this many times at one instant (12 bits of the order key). */
export const GENERATION_MAX = 4_095;
/** gRPC peers refuse larger messages by default; ours never come near. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024;
/** Text and json of one event: it must fit into a frame, and is refused alike where it never meets one. */
export const PAYLOAD_BYTES_MAX = FRAME_BYTES_MAX - 4096;
/** An outgoing frame leaves at this size: larger gains nothing (reference: frame rate, not bytes, is the bottleneck). */
export const FRAME_BYTES_TARGET = 64 * 1024;
/** Control messages; larger things travel in chunks. */
export const CONTROL_BYTES_MAX = 4 * 1024 * 1024;
/** Size of a chunk of anything that could be large. */
export const CHUNK_BYTES = 1024 * 1024;
/** Profiles of the newborn of one worker and window that must leave home: every worker holds them until the barrier. */
export const HOMELESS_BYTES_MAX = 512 * 1024 * 1024;
const MIB = 1024 * 1024;
/** Frames that peers have not acknowledged, or that are kept for a restart: in memory, then on disk, of one worker. */
export const LOG_MEMORY_BYTES = 256 * MIB;
export const LOG_DISK_BYTES = 16 * 1024 * MIB;
/** Peers' frames whose window is not accepted yet: two windows of events of all peers. */
export const STAGING_MEMORY_BYTES = 512 * MIB;
export const STAGING_DISK_BYTES = 16 * 1024 * MIB;
/** The least and the most that may be allowed for these: a frame must fit, and a pebibyte is a slip of the pen. */
export const SPILL_MIB_MIN = 4;
export const SPILL_MIB_MAX = 1024 * 1024 * 1024;
/** Names of agents, events, relations. */
export const NAME_LENGTH_MAX = 128;
export const NAME_PATTERN = /^[A-Za-z0-9_.:-]{1,128}$/;
/** Node fires timers of 2^31 ms and more at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1;
/** Plain data deeper than this is refused: it would overflow the stack of some reader. */
export const PLAIN_DEPTH_MAX = 64;
/** Samples of observations kept by one run; a larger `observeEvery` is asked for. */
export const SAMPLES_MAX = 1_000_000;
/** Windows that one round may take before the agents that keep it alive are named. */
export const ROUND_WINDOWS_DEFAULT = 100_000;
