// Timer: removes what has been over for long, as much as it has time for.

import { app } from '@azure/functions';
import { connector, scheduleOf } from './connector.ts';
import { FUNCTION_TIMEOUT_MS } from './function-timeout.ts';

app.timer('housekeeping', { schedule: scheduleOf('HOUSEKEEPING_SCHEDULE'), handler: housekeeping });

async function housekeeping(): Promise<void> {
  await connector().purgeExpired(FUNCTION_TIMEOUT_MS);
}
