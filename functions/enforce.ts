// Timer: looks after CoA jobs, and compares every session with policy when that is due. Only with a Service Bus.

import { app } from '@azure/functions';
import { connector, hasJobRoutes, scheduleOf } from './connector.ts';
import { FUNCTION_TIMEOUT_MS } from './function-timeout.ts';

if (hasJobRoutes()) app.timer('enforce', { schedule: scheduleOf('ENFORCE_SCHEDULE'), handler: enforce });

async function enforce(): Promise<void> {
  const round = await connector().enforce(FUNCTION_TIMEOUT_MS);
  if (round.decided > 0 || round.queued > 0) connector().log.info('enforcement.round', round);
}
