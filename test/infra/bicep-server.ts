// The Bicep compiler as one process that answers many questions (`bicep jsonrpc`): a process for each would load and
// compile itself every time, which is three quarters of the work.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { AZD_ENVIRONMENT, findBicep, PLACE } from '../../scripts/bicep.ts';
import type { PredictedResource } from './deployment.ts';

export interface BicepServer {
  /** What a deployment with this parameter file would make. @throws Error with what the compiler says */
  predict(parameterFile: string): Promise<Prediction>;
  /** A parameter file with the template that it is for. */
  compileParameters(parameterFile: string): Promise<Compiled>;
  stop(): Promise<void>;
}

export interface Prediction {
  readonly predictedResources: PredictedResource[];
  readonly diagnostics: readonly unknown[];
  readonly outputs: unknown;
}

export interface Compiled {
  readonly success: boolean;
  readonly diagnostics: readonly { readonly level: string; readonly message: string }[];
  /** Of the parameters, as JSON. */
  readonly parameters?: string;
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export function startBicepServer(): BicepServer {
  const program = findBicep(process.env);
  if (program === undefined) throw new Error('There is no Bicep compiler here.');
  const { NAC_NAME: _, ...env } = process.env;
  const server = spawn(program, ['jsonrpc', '--stdio'], {
    env: { ...env, ...AZD_ENVIRONMENT, NO_COLOR: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ask = asking(server);
  return {
    async predict(path) {
      const { snapshot } = (await ask('bicep/getSnapshot', { path, metadata: PLACE })) as { readonly snapshot: string };
      return JSON.parse(snapshot);
    },
    compileParameters: (path) => ask('bicep/compileParams', { path, parameterOverrides: {} }) as Promise<Compiled>,
    async stop() {
      const ended = once(server, 'close');
      server.stdin.end();
      await ended;
    },
  };
}

/** JSON-RPC 2.0, each message behind its `Content-Length`, as language servers have it. */
function asking(server: ChildProcess) {
  const { stdin, stdout } = server;
  if (!stdin || !stdout) throw new Error('The compiler was started without pipes.');
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let received = Buffer.alloc(0);
  let asked = 0;
  stdout.on('data', (piece: Buffer) => {
    received = Buffer.concat([received, piece]);
    for (let message = takeMessage(); message !== undefined; message = takeMessage()) settle(JSON.parse(message));
  });
  server.once('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('The compiler has ended.'));
  });

  function takeMessage(): string | undefined {
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const length = Number(/Content-Length: (\d+)/i.exec(received.subarray(0, headEnd).toString())?.[1]);
    const end = headEnd + 4 + length;
    if (received.length < end) return undefined;
    const message = received.subarray(headEnd + 4, end).toString();
    received = received.subarray(end);
    return message;
  }

  function settle({ id, result, error }: Answer): void {
    const asker = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asker?.resolve(result);
    else asker?.reject(new Error(error.message));
  }

  return (method: string, parameters: unknown): Promise<unknown> => {
    const id = ++asked;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    const message = Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params: [parameters] }));
    stdin.write(`Content-Length: ${message.length}\r\n\r\n`);
    stdin.write(message);
    return answer.promise;
  };
}
