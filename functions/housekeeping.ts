// Timer: removes jobs and sessions that have been over for long, a bounded share each time.

import { app } from '@azure/functions';
import { connector, scheduleOf } from './connector.ts';

app.timer('housekeeping', { schedule: scheduleOf('HOUSEKEEPING_SCHEDULE'), handler: housekeeping });

async function housekeeping(): Promise<void> {
  await connector().keepHouse();
}
