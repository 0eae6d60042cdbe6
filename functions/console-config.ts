// The console's page reads here where people sign in. It asks without a credential, so nothing in it is secret.

import { app, type HttpResponseInit } from '@azure/functions';
import { ANSWER_HEADERS } from '../shared/http/answer-headers.ts';
import { consoleConfig } from '../shared/http/console-config.ts';
import { connector, startFailure } from './connector.ts';

if (startFailure() === undefined && connector().settings.console !== undefined) {
  app.http('console-config', {
    route: 'console/config.json',
    methods: ['GET'],
    authLevel: 'anonymous',
    handler: answer,
  });
}

async function answer(): Promise<HttpResponseInit> {
  const { console: people } = connector().settings;
  if (people === undefined) return { status: 404, headers: ANSWER_HEADERS };
  return {
    jsonBody: consoleConfig(people),
    headers: { ...ANSWER_HEADERS, 'cross-origin-resource-policy': 'same-origin' },
  };
}
