// Queue trigger: relays report what became of jobs, one report or several in a message. A message with something else
// in it is logged as NAC_REPORT and done with: it would be no better the tenth time.

import { app, type InvocationContext } from '@azure/functions';
import { connector, startFailure } from './connector.ts';

if (startFailure() === undefined && connector().enforces) {
  app.serviceBusQueue('coa-results', {
    connection: 'ServiceBusConnection',
    queueName: 'coa-results',
    handler: (message: unknown, { triggerMetadata }: InvocationContext) =>
      connector().report(message, Number(triggerMetadata?.['deliveryCount'] ?? 1)),
  });
}
