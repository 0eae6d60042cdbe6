// Entry point of the function app: registers every function, and closes what they opened when the host ends.

import { app } from '@azure/functions';
import { closeConnector } from './connector.ts';
import './health.ts';
import './lookup.ts';
import './poll.ts';

app.hook.appTerminate(closeConnector);
