// Microsoft's own Functions host, where it runs: Azure Functions Core Tools, `func`.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** True only if `func --version` runs: its npm package may be there without the binary that it downloads. */
export async function coreToolsRun(): Promise<boolean> {
  try {
    await promisify(execFile)('func', ['--version'], { timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}

export interface CoreToolsHost {
  readonly url: string;
  stop(): Promise<void>;
}

/** One process for all functions; it keeps timer locks in blobs, so it gets a blob emulator of its own. */
export async function startCoreTools(
  appFolder: string,
  port: number,
  env: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): Promise<CoreToolsHost> {
  const blobPort = await freePort();
  const blobs = start('azurite-blob', [
    ...['--blobPort', String(blobPort), '--inMemoryPersistence', '--skipApiVersionCheck'],
    ...['--silent', '--disableTelemetry'],
  ]);
  const httpPort = port === 0 ? await freePort() : port;
  const func = start('func', ['start', '--port', String(httpPort)], appFolder, {
    ...env,
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:${blobPort}/devstoreaccount1;`,
  });
  const endBoth = (): void => {
    func.kill('SIGTERM');
    blobs.kill('SIGTERM');
  };
  // They do not notice by themselves that this process has gone.
  process.once('exit', endBoth);
  const ready = Promise.withResolvers<void>();
  createInterface({ input: func.stdout ?? process.stdin }).on('line', (line) => {
    if (/Host lock lease acquired|^Functions:/.test(line)) ready.resolve();
    onLine(line);
  });
  func.once('exit', (code) => ready.reject(new Error(`func ended with code ${code} before it was ready`)));
  try {
    await ready.promise;
  } catch (thrown) {
    process.off('exit', endBoth);
    await end(blobs);
    throw thrown;
  }
  return {
    url: `http://127.0.0.1:${httpPort}`,
    async stop() {
      // In this order: the host gives up its locks in the blobs.
      process.off('exit', endBoth);
      await end(func);
      await end(blobs);
    },
  };
}

function start(command: string, args: string[], cwd?: string, env: Record<string, string> = {}): ChildProcess {
  return spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
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
