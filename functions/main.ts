// Entry point of the function app: registers every function, and closes what they opened when the host ends.

import { app } from '@azure/functions';
import { closeConnector } from './connector.ts';
import './accounting.ts';
import './audit.ts';
import './coa-results.ts';
import './devices.ts';
import './doctor.ts';
import './decisions.ts';
import './enforce.ts';
import './health.ts';
import './housekeeping.ts';
import './jobs.ts';
import './lookup.ts';
import './overrides.ts';
import './policies.ts';
import './poll.ts';
import './poll-status.ts';
import './resend-job.ts';

app.hook.appTerminate(closeConnector);
