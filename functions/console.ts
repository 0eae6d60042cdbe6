// Serves the console: the files of the build, and its page for every other address below /console/. None needs a
// credential: they are the same for all, and every datum comes by the API.

import { app } from '@azure/functions';
import { ConsoleFiles, consoleFolder } from '../shared/app/console-files.ts';
import { consoleHeaders } from '../shared/http/console-headers.ts';
import { connector, startFailure } from './connector.ts';
import { serveConsole } from './serve-console.ts';

const METHODS = ['GET', 'HEAD'] as const;

if (startFailure() === undefined && connector().settings.console !== undefined) {
  const { authorityHost } = connector().settings.console ?? { authorityHost: '' };
  const serve = serveConsole(new ConsoleFiles(consoleFolder()), authorityHost);
  app.http('console', { route: 'console/{*path}', methods: [...METHODS], authLevel: 'anonymous', handler: serve });
  // An empty route is none for the host; this one matches the bare address of the app alone.
  app.http('console-home', {
    route: '{ignored:maxlength(0)?}',
    methods: [...METHODS],
    authLevel: 'anonymous',
    handler: async () => ({ status: 302, headers: { ...consoleHeaders(authorityHost), location: '/console/' } }),
  });
}
