// The relay as it ships, but for its patience: the times of RFC 5080, each divided by four. A test that waits until the
// relay has given up waits 7.5 s instead of 30 s.

import { RFC5080_TIMES } from '../../relay/radius/retransmission-timeouts.ts';
import { startRelay } from '../../relay/start-relay.ts';
import { createJsonLineLogger } from '../../shared/adapters/system/json-line-logger.ts';
import { systemClock } from '../../shared/adapters/system/system-clock.ts';

const SHARE = 4;
const [, , , file = ''] = process.argv;

const stopRequested = Promise.withResolvers<void>();
process.on('SIGTERM', () => stopRequested.resolve());
// With the test it ends.
process.on('disconnect', () => stopRequested.resolve());

const relay = await startRelay({
  file,
  env: process.env,
  log: createJsonLineLogger(systemClock, (_, line) => void process.stdout.write(`${line}\n`)),
  retransmission: {
    ...RFC5080_TIMES,
    initialMs: RFC5080_TIMES.initialMs / SHARE,
    maximumMs: RFC5080_TIMES.maximumMs / SHARE,
    maximumDurationMs: RFC5080_TIMES.maximumDurationMs / SHARE,
  },
});
await stopRequested.promise;
await relay.stop();
process.exit();
