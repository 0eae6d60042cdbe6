// Entry point of the function app: registers every function, and closes what they opened when the host ends.

import { app } from '@azure/functions';
import { ANSWERS } from './answers.ts';
import { closeConnector } from './connector.ts';
import { registerRoutes } from './http-route.ts';
import './coa-results.ts';
import './console.ts';
import './console-config.ts';
import './enforce.ts';
import './housekeeping.ts';
import './poll.ts';

registerRoutes(ANSWERS);

app.hook.appTerminate(closeConnector);
