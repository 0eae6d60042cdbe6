// Timer: removes jobs and sessions that have been over for long, a bounded share each time.

import { app } from '@azure/functions';
import { connector } from './connector.ts';

app.timer('housekeeping', { schedule: connector().settings.housekeepingSchedule, handler: housekeeping });

async function housekeeping(): Promise<void> {
  await connector().keepHouse();
}
