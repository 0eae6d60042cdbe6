// Preloaded into the relay: tells the bench, when asked over the IPC channel, what memory is in use once garbage is
// gone.

export interface MemoryInUse {
  /** Octets. */
  readonly heap: number;
  readonly external: number;
  readonly resident: number;
}

process.on('message', async (message) => {
  if (message !== 'memory') return;
  // Twice, with time for what the first one has set free to be finalized.
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed: heap, external, rss: resident } = process.memoryUsage();
  process.send?.({ heap, external, resident } satisfies MemoryInUse);
});
// Asking must not keep a relay that is done.
process.channel?.unref();
