import { HANDLE_SPAN } from "../base/limits.ts";

/*
 * What `send` and `schedule` return: enough to find the event again, and nothing kept (docs/decisions/0002).
 */

/** The handle of an own timer: its window and the end of its number. */
export const timerHandle = (window: number, seq: number): number => window * HANDLE_SPAN + (seq % HANDLE_SPAN);
/** The handle of an event to another agent: below zero. */
export const sendHandle = (to: number, seq: number): number => -(to * HANDLE_SPAN + (seq % HANDLE_SPAN)) - 1;
/** The window of an own timer. */
export const windowOfTimer = (handle: number): number => Math.floor(handle / HANDLE_SPAN);
/** The end of its event's number. */
export const lowOf = (handle: number): number => handle % HANDLE_SPAN;
