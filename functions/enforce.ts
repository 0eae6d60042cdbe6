// Timer: looks after CoA jobs, and after each sweep compares every session with policy. Only with a Service Bus.

import { app } from '@azure/functions';
import { connector, hasJobRoutes, scheduleOf } from './connector.ts';

if (hasJobRoutes()) app.timer('enforce', { schedule: scheduleOf('ENFORCE_SCHEDULE'), handler: enforce });

async function enforce(): Promise<void> {
  const round = await connector().enforce();
  if (round.decided > 0 || round.queued > 0) connector().log.info('enforcement.round', round);
}
