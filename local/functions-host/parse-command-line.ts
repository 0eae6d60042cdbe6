// Reads the command line of the functions host.
import { parseArgs } from 'node:util';
import { StartError } from '../local-error.ts';
import type { FunctionGroup, Listen } from './triggers/trigger-type.ts';

const USAGE =
  'Usage: node local/functions-host/main.ts --app <folder> --functions http|background|all ' +
  '[--port 0] [--host 127.0.0.1] [--cert <pem file> --key <pem file>] [--timers <folder>]';

export interface CommandLine {
  readonly appFolder: string;
  readonly functions: FunctionGroup | 'all';
  readonly listen: Listen;
  readonly timerFolder: string | undefined;
}

export function parseCommandLine(args: readonly string[]): CommandLine {
  const { app, functions, port, host, cert, key, timers } = readValues(args);
  if (app === undefined) throw usageError('--app is missing');
  if (functions !== 'http' && functions !== 'background' && functions !== 'all') {
    throw usageError('--functions must be http, background or all');
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw usageError(`"${port}" is not a port`);
  if ((cert === undefined) !== (key === undefined)) throw usageError('--cert and --key go together');
  const tls = cert === undefined || key === undefined ? undefined : { certFile: cert, keyFile: key };
  return { appFolder: app, functions, listen: { port: Number(port), host, tls }, timerFolder: timers };
}

function readValues(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        app: { type: 'string' },
        functions: { type: 'string' },
        port: { type: 'string', default: '0' },
        host: { type: 'string', default: '127.0.0.1' },
        cert: { type: 'string' },
        key: { type: 'string' },
        timers: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

function usageError(reason: string): StartError {
  return new StartError(`${reason}\n${USAGE}`);
}
