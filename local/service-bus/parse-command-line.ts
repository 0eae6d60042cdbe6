// Reads the command line of the broker.

import { readOptions, readPort, usageError } from '../command-line.ts';

const USAGE = 'Usage: node local/service-bus/main.ts --queues <json file> [--port 0] [--data <folder>]';

const OPTIONS = {
  port: { type: 'string', default: '0' },
  data: { type: 'string' },
  queues: { type: 'string' },
} as const;

export interface CommandLine {
  readonly queuesFile: string;
  readonly port: number;
  readonly dataFolder: string | undefined;
}

export function parseCommandLine(args: readonly string[]): CommandLine {
  const { port, data, queues } = readOptions(args, OPTIONS, USAGE);
  if (queues === undefined) throw usageError('--queues is missing', USAGE);
  return { queuesFile: queues, port: readPort(port, USAGE), dataFolder: data };
}
