// Queue trigger: relays report what became of jobs, one report or several in a message. A message with something else in it
// ends in the dead letters of its queue.

import { app } from '@azure/functions';
import { connector, startFailure } from './connector.ts';

if (startFailure() === undefined && connector().enforces) {
  app.serviceBusQueue('coa-results', {
    connection: 'ServiceBusConnection',
    queueName: 'coa-results',
    handler: (message: unknown) => connector().report(message),
  });
}
