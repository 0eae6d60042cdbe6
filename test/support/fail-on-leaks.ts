// Fails a test file that leaves a server, a UDP socket or a child process behind.

import { afterAll, beforeAll, expect } from 'vitest';

const COUNTED = ['TCPServerWrap', 'PipeServerWrap', 'UDPWrap', 'ProcessWrap', 'FSEventWrap'];

let before: Map<string, number>;

beforeAll(() => {
  before = countHandles();
});

afterAll(async () => {
  // Handles close a few turns of the event loop after close() resolved.
  for (let turn = 0; turn < 50 && leaks().length > 0; turn++) await new Promise((resume) => setImmediate(resume));
  expect(leaks(), 'handles left open by this test file').toEqual([]);
});

function leaks(): string[] {
  return [...countHandles()].filter(([type, count]) => count > (before.get(type) ?? 0)).map(([type]) => type);
}

function countHandles(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo()) {
    if (COUNTED.includes(type)) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return counts;
}
