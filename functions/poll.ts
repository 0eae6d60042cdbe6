// Timer: works a slice of the sweep whenever one is due. What is due stands in the store, so a tick may repeat or fail.

import { app, type InvocationContext, type Timer } from '@azure/functions';
import host from '../host.json' with { type: 'json' };
import { connector, scheduleOf } from './connector.ts';

const [hours = 0, minutes = 0, seconds = 0] = host.functionTimeout.split(':').map(Number);
const functionTimeoutMs = (hours * 3600 + minutes * 60 + seconds) * 1000;

app.timer('poll', { schedule: scheduleOf('POLL_SCHEDULE'), handler: poll });

async function poll(_timer: Timer, context: InvocationContext): Promise<void> {
  const result = await connector().poll(functionTimeoutMs);
  if (result.kind === 'idle') return;
  connector().log.info('poll.slice', { result: result.kind, invocation: context.invocationId });
}
