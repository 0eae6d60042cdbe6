// Timer: works a slice of the sweep whenever one is due. What is due stands in the store, so a tick may repeat or fail.

import { app, type InvocationContext, type Timer } from '@azure/functions';
import { connector, scheduleOf } from './connector.ts';
import { FUNCTION_TIMEOUT_MS } from './function-timeout.ts';

app.timer('poll', { schedule: scheduleOf('POLL_SCHEDULE'), handler: poll });

async function poll(_timer: Timer, context: InvocationContext): Promise<void> {
  try {
    const { kind } = await connector().poll(FUNCTION_TIMEOUT_MS);
    if (kind !== 'idle') connector().log.info('poll.slice', { result: kind, invocation: context.invocationId });
  } finally {
    // What is stored is counted whether a source answers or not.
    await connector().count(FUNCTION_TIMEOUT_MS);
  }
}
