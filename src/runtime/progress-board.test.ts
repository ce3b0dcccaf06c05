import { expect, it } from "vitest";
import { Activity } from "../wire/gen/myriad/v1/beats.ts";
import { ProgressBoard } from "./progress-board.ts";

it("is read through its buffer as it was written", () => {
  const written = new ProgressBoard();
  const read = new ProgressBoard(written.buffer);
  written.reached(12, 6.5, 1e12, 3);
  written.queues(4, 5, 6);
  written.activity = Activity.ACTIVITY_COMPUTING;
  const progress = { workerId: 7, window: 12, virtualTime: 6.5, events: 1e12, rounds: 3, pending: 4, suspended: 5 };
  expect(read.read(7, false)).toMatchObject({ ...progress, effects: 6, activity: Activity.ACTIVITY_COMPUTING });
  written.events = 1e12 + 1;
  expect(read.read(7, false).events).toBe(1e12 + 1);
  written.waiting([3, 5, 9]);
  expect(read.read(7, false)).toMatchObject({
    activity: Activity.ACTIVITY_WAITING,
    waitingFor: 3,
    waitingForMore: 2,
  });
});

it("takes a worker that stands still for one that computes, not for one that waits for answers", () => {
  const board = new ProgressBoard();
  board.activity = Activity.ACTIVITY_ANSWERS;
  expect(board.read(0, false).activity).toBe(Activity.ACTIVITY_ANSWERS);
  expect(board.read(0, true).activity).toBe(Activity.ACTIVITY_COMPUTING);
  board.waiting([1]);
  expect(board.read(0, true).activity).toBe(Activity.ACTIVITY_WAITING);
});
