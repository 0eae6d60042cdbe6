// The relay as it ships, but for its patience: the times of RFC 5080, each divided by four. A test that waits until the relay
// has given up waits 7.5 s instead of 30 s.

import { rfc5080Times } from '../../relay/radius/retransmission-timeouts.ts';
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
    ...rfc5080Times,
    initialMs: rfc5080Times.initialMs / SHARE,
    maximumMs: rfc5080Times.maximumMs / SHARE,
    maximumDurationMs: rfc5080Times.maximumDurationMs / SHARE,
  },
});
await stopRequested.promise;
await relay.stop();
process.exit();
