// Reads the command line of the broker.
import { parseArgs } from 'node:util';
import { StartError } from '../local-error.ts';

const USAGE = 'Usage: node local/service-bus/main.ts --queues <json file> [--port 0] [--data <folder>]';

export interface CommandLine {
  readonly queuesFile: string;
  readonly port: number;
  readonly dataFolder: string | undefined;
}

export function parseCommandLine(args: readonly string[]): CommandLine {
  const { port, data, queues } = readValues(args);
  if (queues === undefined) throw usageError('--queues is missing');
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw usageError(`"${port}" is not a port`);
  return { queuesFile: queues, port: Number(port), dataFolder: data };
}

function readValues(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { port: { type: 'string', default: '0' }, data: { type: 'string' }, queues: { type: 'string' } },
    }).values;
  } catch (error) {
    throw usageError(error instanceof Error ? error.message : String(error));
  }
}

function usageError(reason: string): StartError {
  return new StartError(`${reason}\n${USAGE}`);
}
