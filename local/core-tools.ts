// Microsoft's own Functions host, where it runs: Azure Functions Core Tools, `func`. Their npm package downloads the
// program when it is installed (https://github.com/Azure/azure-functions-core-tools/blob/main/README.md): where that is
// blocked nothing of them can be tried, so tests show what is started, in which order it ends and what is said, and not
// what `func` makes of it.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { ConnectorError } from '../shared/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Of the development account that every storage emulator and SDK knows. */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
/** What the host writes when its functions run. */
const READY = /Host lock lease acquired|^(?:\[[^\]]*\] *)?Functions:/;

/**
 * @throws ConnectorError NAC_CORE_TOOLS unless `func --version` runs: the npm package may be there without the program
 */
export async function requireCoreTools(env: Env = process.env): Promise<void> {
  try {
    await promisify(execFile)('func', ['--version'], { timeout: 20_000, env: { ...env } });
  } catch (cause) {
    throw new ConnectorError('NAC_CORE_TOOLS', 'Azure Functions Core Tools do not run here: `func --version` fails.', {
      action:
        'Install them (npm install --global azure-functions-core-tools@4, which downloads the program), or start without --func.',
      cause,
    });
  }
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside what the process has. */
  readonly env: Readonly<Record<string, string>>;
}

/** One process for all functions; it keeps timer locks in blobs, so it gets a blob emulator of its own. */
export function coreToolsCommands(ports: { readonly http: number; readonly blobs: number }): {
  readonly blobs: Command;
  readonly func: Command;
} {
  const endpoint = `http://127.0.0.1:${ports.blobs}/${ACCOUNT}`;
  return {
    blobs: {
      command: 'azurite-blob',
      args: [
        ...['--blobPort', String(ports.blobs), '--inMemoryPersistence', '--skipApiVersionCheck'],
        ...['--silent', '--disableTelemetry'],
      ],
      env: {},
    },
    func: {
      command: 'func',
      args: ['start', '--port', String(ports.http)],
      env: {
        FUNCTIONS_WORKER_RUNTIME: 'node',
        AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY};BlobEndpoint=${endpoint};`,
      },
    },
  };
}

export interface CoreToolsHost {
  readonly url: string;
  stop(): Promise<void>;
}

/** @throws ConnectorError NAC_CORE_TOOLS when one of the two does not start, or ends before it is ready */
export async function startCoreTools(
  appFolder: string,
  port: number,
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Promise<CoreToolsHost> {
  const ports = { http: port === 0 ? await freePort() : port, blobs: await freePort() };
  const commands = coreToolsCommands(ports);
  const blobs = start(commands.blobs, env);
  const func = start(commands.func, env, appFolder);
  const endBoth = (): void => {
    func.kill('SIGTERM');
    blobs.kill('SIGTERM');
  };
  // They do not notice by themselves that this process has gone.
  process.once('exit', endBoth);
  const ready = Promise.withResolvers<void>();
  for (const [child, { command }] of [
    [blobs, commands.blobs],
    [func, commands.func],
  ] as const) {
    child.once('error', (cause) => ready.reject(notStarted(`${command} could not be started.`, cause)));
    child.once('exit', (code, signal) =>
      ready.reject(notStarted(`${command} ended (${signal ?? `code ${code}`}) before the functions ran.`)),
    );
  }
  createInterface({ input: func.stdout ?? process.stdin }).on('line', (line) => {
    if (READY.test(line)) ready.resolve();
    onLine(line);
  });
  const stop = async (): Promise<void> => {
    // In this order: the host gives up its locks in the blobs.
    process.off('exit', endBoth);
    await end(func);
    await end(blobs);
  };
  try {
    await ready.promise;
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return { url: `http://127.0.0.1:${ports.http}`, stop };
}

function notStarted(message: string, cause?: Error): ConnectorError {
  const action = 'Look at the lines above; `npm ci` brings azurite-blob. Without --func none of this is needed.';
  return new ConnectorError('NAC_CORE_TOOLS', message, { action, cause });
}

function start(
  { command, args, env: own }: Command,
  env: Readonly<Record<string, string>>,
  cwd?: string,
): ChildProcess {
  return spawn(command, [...args], {
    cwd,
    env: { ...process.env, ...env, ...own },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}
