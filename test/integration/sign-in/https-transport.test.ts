// The way to Microsoft: through a real proxy, against sockets that say nothing, and answers that never end.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createServerCertificates } from '../../../local/certificates/server-certificates.ts';
import { createHttpsTransport, type HttpsTransportOptions } from '../../../shared/adapters/https/https-transport.ts';
import { SourceError } from '../../../shared/errors.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';

let folder: string;
let caFile: string;
let url: string;
let server: ReturnType<typeof createHttpsServer>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nac-transport-'));
  const tls = await createServerCertificates('Transport test CA');
  caFile = join(folder, 'ca.pem');
  await writeFile(caFile, tls.caPem);
  server = createHttpsServer({ cert: tls.serverCertificatePem, key: tls.serverPrivateKeyPem }, (request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/stalls') {
      response.write('{"value":[');
    } else if (path === '/trickles') {
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    } else if (path !== '/hangs') {
      response.setHeader('X-Several', ['a', 'b']);
      response.end('fine');
    }
  });
  url = `https://localhost:${await listen(server)}`;
});

afterAll(async () => {
  await close(server);
  await rm(folder, { recursive: true });
});

async function listen(target: Server): Promise<number> {
  await new Promise<void>((resolve) => target.listen(0, 'localhost', resolve));
  return (target.address() as AddressInfo).port;
}

const close = (target: Server): Promise<unknown> => new Promise((resolve) => target.close(resolve));

async function get(path: string, options: HttpsTransportOptions = {}, signal?: AbortSignal) {
  const transport = createHttpsTransport({ extraCaFile: caFile, answerTimeoutMs: 300, ...options });
  try {
    return await transport.send('GET', path.startsWith('https') ? path : `${url}${path}`, {}, undefined, { signal });
  } finally {
    await transport.close();
  }
}

async function refusal(...args: Parameters<typeof get>): Promise<SourceError> {
  const thrown = await get(...args).catch((error: unknown) => error);
  if (thrown instanceof SourceError) return thrown;
  throw new Error(`expected a SourceError, got ${String(thrown)}`);
}

test('an answer comes with status, header names in lower case, and body', async () => {
  expect(await get('/')).toMatchObject({ status: 200, headers: { 'x-several': 'a, b' }, body: 'fine' });
});

describe('deadlines', () => {
  test.each(['/hangs', '/stalls', '/trickles'])('%s: the request ends by itself', async (path) => {
    expect(await refusal(path)).toMatchObject({
      code: 'NAC_SOURCE_UNREACHABLE',
      action: expect.stringContaining('in time'),
    });
  });

  test('a caller’s own deadline ends it earlier', async () => {
    const { code, cause } = await refusal('/hangs', { answerTimeoutMs: 50_000 }, AbortSignal.timeout(30));
    expect(code).toBe('NAC_SOURCE_UNREACHABLE');
    expect(cause).toMatchObject({ name: 'TimeoutError' });
  });

  test('a host that takes the connection and never speaks TLS counts as not reached', async () => {
    await using sockets = new AsyncDisposableStack();
    const mute = createServer((socket) => void sockets.defer(async () => void socket.destroy()));
    sockets.defer(async () => void (await close(mute)));
    const port = await listen(mute);
    const error = await refusal(`https://localhost:${port}/`, { connectTimeoutMs: 100, answerTimeoutMs: 60_000 });
    expect(error).toMatchObject({ code: 'NAC_SOURCE_UNREACHABLE', action: expect.stringContaining('in time') });
  });
});

describe('trust', () => {
  test('an untrusted certificate is another error than no connection', async () => {
    const error = await refusal('/', { extraCaFile: undefined });
    expect(error).toMatchObject({ code: 'NAC_SOURCE_UNTRUSTED', action: expect.stringContaining('EXTRA_CA_FILE') });
    expect(error.message).toContain('localhost');
  });

  test('no query appears in an error', async () => {
    expect((await refusal('/hangs?$skiptoken=secret')).message).not.toContain('secret');
  });
});

describe('a proxy', () => {
  test('is asked for a tunnel, with the name and password of its URL', async () => {
    await using proxy = await startConnectProxy({ credential: 'nac:pa ss' });
    const answer = await get('/', { proxy: { url: `http://nac:pa%20ss@127.0.0.1:${proxy.port}`, bypass: '' } });
    expect(answer.body).toBe('fine');
    expect(proxy.tunnels).toEqual([new URL(url).host]);
  });

  test('is left out for hosts that are named', async () => {
    await using proxy = await startConnectProxy();
    for (const bypass of ['localhost', 'example.org, localhost', '*', `localhost:${new URL(url).port}`])
      expect((await get('/', { proxy: { url: proxy.url, bypass } })).body).toBe('fine');
    expect(proxy.tunnels).toEqual([]);
    for (const bypass of ['', 'example.org', 'localhost:1'])
      expect((await get('/', { proxy: { url: proxy.url, bypass } })).body).toBe('fine');
    expect(proxy.tunnels).toHaveLength(3);
  });

  test('that wants a password says so', async () => {
    await using proxy = await startConnectProxy({ credential: 'nac:right' });
    const error = await refusal('/', { proxy: { url: `http://nac:wrong@127.0.0.1:${proxy.port}`, bypass: '' } });
    expect(error.action).toMatch(/name and a password.*HTTPS_PROXY/);
    expect(error.message).toContain(`127.0.0.1:${proxy.port}`);
    expect(error.message).not.toContain('wrong');
  });

  test('that refuses the host, or does not run, is named', async () => {
    await using refusing = await startConnectProxy({ refuseWith: 403 });
    const forbidden = await refusal('/', { proxy: { url: refusing.url, bypass: '' } });
    expect(forbidden.message).toContain('403');
    expect(forbidden.action).toContain('HTTPS_PROXY');
    const gone = await startConnectProxy();
    await gone[Symbol.asyncDispose]();
    expect((await refusal('/', { proxy: { url: gone.url, bypass: '' } })).action).toContain('HTTPS_PROXY');
  });

  test('that says nothing is given up after the connect deadline', async () => {
    await using proxy = await startConnectProxy({ silent: true });
    const options = { proxy: { url: proxy.url, bypass: '' }, connectTimeoutMs: 100, answerTimeoutMs: 60_000 };
    expect((await refusal('/', options)).code).toBe('NAC_SOURCE_UNREACHABLE');
  });
});
