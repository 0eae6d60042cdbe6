// Reads the command line of the functions host.

import { readOptions, readPort, usageError } from '../command-line.ts';
import type { FunctionGroup, Listen } from './triggers/trigger-type.ts';

const USAGE =
  'Usage: node local/functions-host/main.ts --app <folder> --functions http|background|all ' +
  '[--port 0] [--host 127.0.0.1] [--cert <pem file> --key <pem file>] [--timers <folder>]';

const OPTIONS = {
  app: { type: 'string' },
  functions: { type: 'string' },
  port: { type: 'string', default: '0' },
  host: { type: 'string', default: '127.0.0.1' },
  cert: { type: 'string' },
  key: { type: 'string' },
  timers: { type: 'string' },
} as const;

export interface CommandLine {
  readonly appFolder: string;
  readonly functions: FunctionGroup | 'all';
  readonly listen: Listen;
  readonly timerFolder: string | undefined;
}

export function parseCommandLine(args: readonly string[]): CommandLine {
  const { app, functions, port: portText, host, cert, key, timers } = readOptions(args, OPTIONS, USAGE);
  if (app === undefined) throw usageError('--app is missing', USAGE);
  if (functions !== 'http' && functions !== 'background' && functions !== 'all') {
    throw usageError('--functions must be http, background or all', USAGE);
  }
  const port = readPort(portText, USAGE);
  if ((cert === undefined) !== (key === undefined)) throw usageError('--cert and --key go together', USAGE);
  const tls = cert === undefined || key === undefined ? undefined : { certFile: cert, keyFile: key };
  return { appFolder: app, functions, listen: { port, host, tls }, timerFolder: timers };
}
