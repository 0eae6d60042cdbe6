// Timer: works a slice of the sweep whenever one is due. What is due stands in the store, so a tick may repeat or fail.

import { app, type InvocationContext, type Timer } from '@azure/functions';
import host from '../host.json' with { type: 'json' };
import { connector } from './connector.ts';

/** The rest of functionTimeout is for the page under way when the slice ends. */
const SLICE_SHARE = 0.6;

const [hours = 0, minutes = 0, seconds = 0] = host.functionTimeout.split(':').map(Number);
const sliceBudgetMs = (hours * 3600 + minutes * 60 + seconds) * 1000 * SLICE_SHARE;

app.timer('poll', { schedule: connector().settings.pollSchedule, handler: poll });

async function poll(_timer: Timer, context: InvocationContext): Promise<void> {
  const result = await connector().poll(sliceBudgetMs);
  if (result.kind === 'idle') return;
  connector().log.info('poll.slice', { result: result.kind, invocation: context.invocationId });
}
