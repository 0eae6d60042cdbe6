// The functions host as its users see it: a process that runs a built app, its HTTP answers, its output and its end.

// @peculiar/x509 asks for this when it is loaded, so it must come first.
import 'reflect-metadata';

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { compileCache } from '../../../local/child-process.ts';
import { parseNcrontab } from '../../../local/functions-host/ncrontab.ts';
import { createRouteTable } from '../../../local/functions-host/route-table.ts';
import { compileRouteTemplate, pathSegments } from '../../../local/functions-host/route-template.ts';
import { retryDelay } from '../../../local/functions-host/run-with-retry.ts';
import {
  type BackgroundFunctionsHost,
  type SpawnOptions,
  spawnFunctionsHost,
} from '../../../local/functions-host/spawn-functions-host.ts';
import { type AppSource, buildApp } from '../../support/functions-host-app/build-app.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const MAIN = path.join(import.meta.dirname, '../../../local/functions-host/main.ts');
const ENV = { NIGHTLY: '0 0 3 * * *' };

/** Collects a host's output and waits for lines that have come or will come. */
class Output {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  readonly onLine: NonNullable<SpawnOptions['onLine']> = (line, stream) => {
    this.lines.push(`${stream}: ${line}`);
    for (const check of this.#waiting) check();
  };

  /** The line with the given text; the `count`th of them. */
  line(containing: string, count = 1): Promise<string> {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.lines.filter((line) => line.includes(containing))[count - 1];
        if (found === undefined) return;
        this.#waiting.delete(check);
        resolve(found);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

const folders: string[] = [];
const hosts: BackgroundFunctionsHost[] = [];

function app(source?: AppSource): string {
  const folder = buildApp(source);
  folders.push(folder);
  return folder;
}

async function startHttp(appFolder: string, more: Partial<Omit<SpawnOptions, 'functions' | 'appFolder'>> = {}) {
  const output = new Output();
  const host = await spawnFunctionsHost({
    appFolder,
    functions: 'http',
    env: ENV,
    onLine: output.onLine,
    ...more,
  });
  hosts.push(host);
  return { host, output, url: host.url };
}

async function startBackground(appFolder: string, env: Record<string, string> = ENV) {
  const output = new Output();
  const host = await spawnFunctionsHost({ appFolder, functions: 'background', env, onLine: output.onLine });
  hosts.push(host);
  return { host, output };
}

/** Runs the command line as it is and returns how it ended. */
async function runMain(args: readonly string[], env: Record<string, string> = {}) {
  const child = fork(MAIN, [...args], {
    execPath: process.execPath,
    execArgv: [],
    env: { ...compileCache(), ...env },
    silent: true,
  });
  const [stdout, stderr] = [child.stdout, child.stderr];
  if (!stdout || !stderr) throw new Error('no pipes');
  try {
    const [[code], out, err] = await Promise.all([once(child, 'exit'), text(stdout), text(stderr)]);
    return { code: code as number | null, out, err };
  } finally {
    child.kill('SIGKILL');
  }
}

async function failedStart(source: AppSource, { functions = 'all', env = {} } = {}) {
  const { code, out, err } = await runMain(['--app', app(source), '--functions', functions], env);
  expect(out).toBe('');
  expect(code).toBe(1);
  return err.trim();
}

/** A request that fetch cannot make: any target, header or unsent body. */
async function rawRequest(url: string, options: http.RequestOptions, body?: string) {
  const request = http.request(url, { ...options, agent: false });
  request.on('error', () => undefined);
  if (options.headers && 'content-length' in options.headers && body === undefined) request.flushHeaders();
  else request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const result = { status: response.statusCode, headers: response.headers, body: await text(response) };
  request.destroy();
  return result;
}

const MINIMAL = `import { app } from '@azure/functions'; app.http('a', { handler: async () => ({ body: 'a' }) });`;

let fixture: string;
beforeAll(() => {
  fixture = app();
});

afterAll(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('HTTP functions', () => {
  let url: string;
  let output: Output;
  beforeAll(async () => {
    ({ url, output } = await startHttp(fixture));
  });

  test('hands method, URL, parameters, query, headers and body to the handler', async () => {
    const response = await fetch(`${url}/echo/a%20b%2Fc?x=1&x=2&empty=`, {
      method: 'POST',
      body: '{"hello":"wörld"}',
      headers: { 'x-test': 'value', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      method: 'POST',
      url: `${url}/echo/a%20b%2Fc?x=1&x=2&empty=`,
      params: { id: 'a b%2Fc' },
      query: [
        ['x', '1,2'],
        ['empty', ''],
      ],
      header: 'value',
      body: '{"hello":"wörld"}',
      functionName: 'echo',
      traceParent: expect.stringMatching(/^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/),
    });
  });

  test('passes bytes, status and headers through unchanged', async () => {
    const response = await fetch(`${url}/bytes`, { method: 'POST', body: new Uint8Array([0, 255, 128, 10]) });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-answer')).toBe('yes');
    expect([...new Uint8Array(await response.arrayBuffer())]).toEqual([10, 128, 255, 0]);
  });

  test('sets every cookie of the cookies array, formatted as on Azure', async () => {
    const response = await fetch(`${url}/cookies`);
    expect(response.headers.getSetCookie()).toEqual([
      'plain=a%20b; path=/',
      'full=v; expires=Wed, 02 Jan 2030 03:04:05 GMT; max-age=60; domain=example.org; path=/p; secure; samesite=strict; httponly',
    ]);
  });

  test('answers 204 when the handler returns nothing', async () => {
    const response = await fetch(`${url}/nothing`);
    expect([response.status, await response.text()]).toEqual([204, '']);
  });

  test('answers 500 with an empty body when the handler throws, and logs the error with its cause', async () => {
    const response = await fetch(`${url}/fails`);
    expect([response.status, await response.text()]).toEqual([500, '']);
    await output.line('stderr: [error] fails: Error: the handler failed on purpose');
    await output.line('stderr: Caused by: Error: the inner reason');
  });

  test('answers 500 when the handler returns a bare string', async () => {
    expect((await fetch(`${url}/text`)).status).toBe(500);
    await output.line('[error] text: Error: The HTTP response must be an object');
  });

  test('runs invocation hooks in the order of registration around the handler', async () => {
    expect(await (await fetch(`${url}/hooked`)).json()).toEqual(['pre 1', 'pre 2', 'handler', 'post']);
  });

  test('writes context logs to stderr through the log hooks, and leaves console output alone', async () => {
    await fetch(`${url}/logs`);
    await output.line('stderr: [information] logs: a *** of mine');
    await output.line('stdout: straight to stdout');
    await output.line('stderr: straight to stderr');
    expect(output.lines.filter((line) => line.includes('too detailed'))).toEqual([]);
  });

  test.each([
    ['order/first', 'literal', {}],
    ['ORDER/FIRST', 'literal', {}],
    ['order/-12', 'number', { n: '-12' }],
    ['order/99999999999', 'text-parameter', { t: '99999999999' }],
    ['order/0af76519-16cd-43dd-8448-eb211c80319c', 'guid', { g: '0af76519-16cd-43dd-8448-eb211c80319c' }],
    ['order/other', 'text-parameter', { t: 'other' }],
    ['order/other/', 'text-parameter', { t: 'other' }],
    ['order/one/two%20three', 'rest', { rest: 'one/two three' }],
    ['order', 'rest', {}],
    ['', 'home', {}],
  ])('prefers the most specific route: /%s runs %s', async (target, name, params) => {
    expect(await (await fetch(`${url}/${target}`)).json()).toEqual({ name, params });
  });

  test('fills in an optional parameter only when it is there', async () => {
    const params = async (target: string) =>
      ((await (await fetch(`${url}/${target}`)).json()) as { params: unknown }).params;
    expect(await params('echo/1')).toEqual({ id: '1' });
    expect(await params('echo/1/2')).toEqual({ id: '1', tail: '2' });
    expect((await fetch(`${url}/echo/1/2/3`)).status).toBe(404);
  });

  test('answers 404 without a route, and for a wrong method without saying which one is right', async () => {
    expect((await fetch(`${url}/no/such/route`)).status).toBe(404);
    expect((await fetch(`${url}/api/nothing`)).status).toBe(404);
    const response = await fetch(`${url}/bytes`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([404, null]);
    for (const method of ['HEAD', 'OPTIONS']) expect((await fetch(`${url}/bytes`, { method })).status).toBe(404);
  });

  test.each(['/echo/%zz', '/echo/%ff%41', '/%', '//', '/echo/%c3%28', '/..%2f..', '/?%', '/echo/a?%zz=%ff'])(
    'survives the malformed target %s',
    async (target) => {
      const { status } = await rawRequest(url, { path: target });
      expect([200, 404]).toContain(status);
    },
  );

  test('leaves malformed escapes of a route parameter as they are', async () => {
    const { body } = await rawRequest(url, { path: '/echo/%zz%41%ff' });
    expect(JSON.parse(body).params).toEqual({ id: '%zzA%ff' });
  });

  test('answers 400 to a malformed Host header', async () => {
    expect((await rawRequest(url, { path: '/nothing', headers: { host: 'a b' } })).status).toBe(400);
  });

  test('answers 500, empty, to a body over 100 MB before reading it', async () => {
    const headers = { 'content-length': String(100 * 1024 * 1024 + 1) };
    const refused = await rawRequest(`${url}/bytes`, { method: 'POST', headers });
    expect(refused).toMatchObject({ status: 500, body: '', headers: { connection: 'close' } });
    await output.line('Request body too large');
  });

  test.each([
    ['414 to a request line over 8 KiB', { path: `/echo/1?q=${'a'.repeat(8_200)}` }, 414],
    [
      '431 to more than 100 headers',
      { path: '/echo/1', headers: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1'])) },
      431,
    ],
    ['400 to a header that is not ASCII', { path: '/echo/1', headers: { 'x-name': 'Zoë' } }, 400],
    ['400 to a zero byte in the path', { path: '/echo/a%00b' }, 400],
    ['400 to an absolute target of another host', { path: 'http://other.example/echo/1' }, 400],
  ])('answers %s, as Kestrel does', async (_what, options, status) => {
    expect((await rawRequest(url, options)).status).toBe(status);
  });

  test.each([
    ['404 to a method that nothing knows', 'BREW /echo/1 HTTP/1.1\r\nHost: a\r\n\r\n', 404],
    ['414 to a request line that is longer than Node reads', `GET /echo/1?q=${'a'.repeat(40_000)} HTTP/1.1\r\n`, 414],
    ['431 to headers over 32 KiB', `GET /echo/1 HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(33_000)}\r\n\r\n`, 431],
    ['400 to what is no HTTP', 'hello\r\n\r\n', 400],
  ])('answers %s', async (_what, sent, status) => {
    const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(sent);
    expect(await text(socket)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  // RFC 9112 section 3.2. Node's client would join the two.
  test('answers 400 to two Host headers, alike or not, before any function runs', async () => {
    for (const second of ['127.0.0.1', 'other.example']) {
      const head = `GET /echo/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: ${second}\r\nConnection: close\r\n\r\n`;
      const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
      socket.end(head);
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 400 /);
    }
  });

  test('answers in chunks, without a Content-Length', async () => {
    const { headers } = await rawRequest(url, { path: '/echo/1' });
    expect([headers['transfer-encoding'], headers['content-length']]).toEqual(['chunked', undefined]);
  });

  test('takes parameters of a query that differ in capitals alone for one', async () => {
    const { body } = await rawRequest(url, { path: '/echo/1?a=1&A=2&a=3&b=4' });
    expect(JSON.parse(body).query).toEqual([
      ['A', '1,2,3'],
      ['b', '4'],
    ]);
  });

  test('takes the body limit from the same app setting as Azure', async () => {
    const limited = await startHttp(fixture, { env: { ...ENV, FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '10' } });
    const post = (body: string) => fetch(`${limited.url}/bytes`, { method: 'POST', body });
    expect((await post('0123456789')).status).toBe(201);
    expect((await post('0123456789!')).status).toBe(500);
    await limited.host.stop();
  });

  test('delivers a chunked body as empty, as Azure does, and warns', async () => {
    const headers = { 'transfer-encoding': 'chunked' };
    const { body } = await rawRequest(`${url}/echo/1`, { method: 'POST', headers }, 'lost');
    expect(JSON.parse(body).body).toBe('');
    await output.line('[warning] echo: The request body has no Content-Length');
  });

  test('keeps connections for 65 seconds, also after an error answer', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const get = async (target: string) => {
      const request = http.get(`${url}${target}`, { agent });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      await text(response);
      return { keepAlive: response.headers['keep-alive'], reused: request.reusedSocket };
    };
    expect(await get('/fails')).toEqual({ keepAlive: 'timeout=65', reused: false });
    expect(await get('/missing')).toEqual({ keepAlive: 'timeout=65', reused: true });
    expect(await get('/nothing')).toEqual({ keepAlive: 'timeout=65', reused: true });
    agent.destroy();
  });

  test('answers many requests at once, each with its own', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => String(index));
    const answers = await Promise.all(
      ids.map(
        async (id) => ((await (await fetch(`${url}/echo/${id}`)).json()) as { params: { id: string } }).params.id,
      ),
    );
    expect(answers).toEqual(ids);
  });
});

describe('routePrefix', () => {
  test('is "api" by default, and the function name the default route', async () => {
    const { url } = await startHttp(app({ source: MINIMAL, hostJson: { version: '2.0' } }));
    expect(await (await fetch(`${url}/api/a`)).text()).toBe('a');
    expect((await fetch(`${url}/a`)).status).toBe(404);
  });
});

describe('HTTPS', () => {
  let tlsFolder: string;
  let certificate: x509.X509Certificate;
  let tls: { certFile: string; keyFile: string };
  beforeAll(async () => {
    tlsFolder = mkdtempSync(path.join(tmpdir(), 'functions-host-tls-'));
    folders.push(tlsFolder);
    const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=127.0.0.1',
      keys,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3_600_000),
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }])],
    });
    const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
    tls = { certFile: path.join(tlsFolder, 'cert.pem'), keyFile: path.join(tlsFolder, 'key.pem') };
    writeFileSync(tls.certFile, certificate.toString('pem'));
    writeFileSync(tls.keyFile, x509.PemConverter.encode(key, 'PRIVATE KEY'));
  });

  test('serves with the given certificate and shows the handler an https URL', async () => {
    const { url } = await startHttp(fixture, { tls });
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const request = https.get(`${url}/echo/1`, { ca: certificate.toString('pem'), agent: false });
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(JSON.parse(await text(response)).url).toBe(`${url}/echo/1`);
  });

  test.each([
    ['missing', 'missing.pem', /The TLS file .*missing\.pem cannot be read/],
    ['wrong', 'cert.pem', /cert\.pem are no certificate and matching key/],
  ])('does not start with a %s key', async (_what, keyName, message) => {
    const keyFile = path.join(tlsFolder, keyName);
    const { code, err } = await runMain(
      ['--app', fixture, '--functions', 'http', '--cert', tls.certFile, '--key', keyFile],
      ENV,
    );
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
  });
});

describe('timer functions', () => {
  test('run on schedule, at start-up and with retries, with the argument Azure passes', async () => {
    const { host, output } = await startBackground(fixture);
    expect(host).toMatchObject({ port: null, url: null, functions: ['every-second', 'at-start', 'unlucky'] });

    const started = JSON.parse((await output.line('stdout: started ')).replace('stdout: started ', ''));
    const tomorrow = started.scheduleStatus.next;
    expect(started).toEqual({
      isPastDue: false,
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: '0001-01-01T00:00:00+00:00',
        next: expect.stringMatching(/^\d{4}-\d\d-\d\dT03:00:00\+00:00$/),
        lastUpdated: '0001-01-01T00:00:00+00:00',
      },
    });
    expect(Date.parse(tomorrow)).toBeGreaterThan(Date.now());

    // Two ticks: the schedule goes on. With several occurrences a minute Azure keeps no status.
    const tick = JSON.parse((await output.line('stdout: tick ', 2)).replace('stdout: tick ', ''));
    expect(tick).toEqual({
      name: 'every-second',
      timer: { isPastDue: false, schedule: { adjustForDST: true }, scheduleStatus: null },
    });

    await output.line('[error] unlucky: Error: bad luck');
    const attempts = output.lines
      .filter((line) => line.startsWith('stdout: attempt '))
      .map((line) => JSON.parse(line.replace('stdout: attempt ', '')));
    expect(attempts).toEqual([
      null,
      { retryCount: 1, maxRetryCount: 2, exception: { message: 'bad luck', stackTrace: expect.any(String) } },
      { retryCount: 2, maxRetryCount: 2, exception: { message: 'bad luck', stackTrace: expect.any(String) } },
    ]);
    expect(output.lines.filter((line) => line.includes('[warning] unlucky'))).toEqual([
      'stderr: [warning] unlucky: Failed: bad luck Retry 1 of 2 in 0 s.',
      'stderr: [warning] unlucky: Failed: bad luck Retry 2 of 2 in 0 s.',
    ]);
    await host.stop();
  });

  test('run in one process of several, and in the next one when that ends', async () => {
    const source = `
      import { app } from '@azure/functions';
      app.timer('ticks', { schedule: '* * * * * *', handler: () => console.log('tick of ' + process.pid) });`;
    const timerFolder = mkdtempSync(path.join(tmpdir(), 'timers-'));
    folders.push(timerFolder);
    const appFolder = app({ source });
    const output = new Output();
    const start = () =>
      spawnFunctionsHost({ appFolder, functions: 'background', env: ENV, timerFolder, onLine: output.onLine });
    const first = await start();
    const second = await start();
    hosts.push(first, second);
    await output.line(`tick of ${first.pid}`, 3);
    expect(output.lines.join()).not.toContain(`tick of ${second.pid}`);
    first.process.kill('SIGKILL');
    await output.line(`tick of ${second.pid}`);
  });

  test('that were missed while no process ran are past due, once', async () => {
    const source = `
      import { app } from '@azure/functions';
      app.timer('nightly', { schedule: '0 0 3 * * *', handler: (timer) => console.log('ran', JSON.stringify(timer)) });`;
    const timerFolder = mkdtempSync(path.join(tmpdir(), 'timers-'));
    folders.push(timerFolder);
    const appFolder = app({ source });
    const output = new Output();
    const run = async () => {
      const host = await spawnFunctionsHost({
        appFolder,
        functions: 'background',
        env: ENV,
        timerFolder,
        onLine: output.onLine,
      });
      hosts.push(host);
      return host;
    };
    await (await run()).stop();
    const status = path.join(timerFolder, 'nightly.json');
    expect(Date.parse(JSON.parse(readFileSync(status, 'utf8')).next)).toBeGreaterThan(Date.now());
    expect(output.lines.join()).not.toContain('ran');

    const [last, next] = ['2026-01-01T03:00:00.000Z', '2026-01-02T03:00:00.000Z'];
    writeFileSync(status, JSON.stringify({ last, next }));
    const late = await run();
    const { isPastDue, scheduleStatus } = JSON.parse((await output.line('stdout: ran')).replace('stdout: ran ', ''));
    expect([isPastDue, Date.parse(scheduleStatus.last)]).toEqual([true, Date.parse(last)]);
    await late.stop();
    expect(Date.parse(JSON.parse(readFileSync(status, 'utf8')).next)).toBeGreaterThan(Date.now());
    await (await run()).stop();
    expect(output.lines.filter((line) => line.includes('stdout: ran'))).toHaveLength(1);
  });

  test('never run twice at the same time, and follow at once after an overrun', async () => {
    const source = `
      import { app } from '@azure/functions';
      let running = 0;
      app.timer('overrun', { schedule: '* * * * * *', handler: async () => {
        running++;
        console.log('began ' + running);
        await new Promise((resolve) => setTimeout(resolve, 1500));
        running--;
        console.log('ended ' + Date.now());
      } });`;
    const { host, output } = await startBackground(app({ source }));
    await output.line('began', 3);
    expect(output.lines.filter((line) => line.includes('began'))).toEqual(Array(3).fill('stdout: began 1'));
    await host.stop();
  });

  test('read %NAME% schedules from the environment and from local.settings.json, which the environment overrides', async () => {
    const localSettings = { Values: { NIGHTLY: '0 0 4 * * *', OTHER: 'from the file' } };
    const source = `
      import { app } from '@azure/functions';
      console.log('OTHER is ' + process.env.OTHER);
      app.timer('t', { schedule: '%NIGHTLY%', runOnStartup: true, handler: (timer) => {
        console.log('next ' + timer.scheduleStatus.next);
      } });`;
    const folder = app({ source, localSettings });
    const fromFile = await startBackground(folder, {});
    await fromFile.output.line('OTHER is from the file');
    expect(await fromFile.output.line('next ')).toContain('T04:00:00');
    const fromEnv = await startBackground(folder, ENV);
    expect(await fromEnv.output.line('next ')).toContain('T03:00:00');
  });

  test('are not run in an HTTP process, nor HTTP functions in a background process', async () => {
    const source = `${MINIMAL}
      app.timer('t', { schedule: '0 0 0 1 1 *', runOnStartup: true, handler: () => console.log('ran') });
      app.http('end', { handler: async () => { console.log('end called'); return {}; } });`;
    const folder = app({ source });
    const front = await startHttp(folder);
    expect(front.host.functions).toEqual(['a', 'end']);
    await fetch(`${front.url}/end`);
    await front.output.line('end called');
    await front.host.stop();
    expect(front.output.lines).not.toContain('stdout: ran');

    const back = await startBackground(folder);
    expect(back.host.functions).toEqual(['t']);
    expect(await back.output.line('ready')).toBe(
      'stdout: functions-host ready {"port":null,"url":null,"functions":["t"]}',
    );
    await back.output.line('ran');

    const output = new Output();
    const all = await spawnFunctionsHost({ appFolder: folder, functions: 'all', env: {}, onLine: output.onLine });
    hosts.push(all);
    expect(all.functions).toEqual(['a', 't', 'end']);
    expect(await (await fetch(`${all.url}/a`)).text()).toBe('a');
    await output.line('ran');
  });
});

describe('readiness', () => {
  test('is one line with a freely chosen port, after the appStart hooks, and an IPC message', async () => {
    const { host, output } = await startHttp(fixture);
    expect(host.port).toBeGreaterThan(0);
    const ready = output.lines.filter((line) => line.includes('functions-host ready'));
    expect(ready).toEqual([
      `stdout: functions-host ready ${JSON.stringify({ port: host.port, url: `http://127.0.0.1:${host.port}`, functions: host.functions })}`,
    ]);
    expect(output.lines.indexOf('stdout: hook appStart')).toBeLessThan(output.lines.indexOf(ready[0] ?? ''));
    expect(output.lines.filter((line) => line.startsWith('stderr'))).toEqual([]);

    const child = fork(MAIN, ['--app', fixture, '--functions', 'http'], { env: ENV, execArgv: [], silent: true });
    const [message] = await once(child, 'message');
    expect(message).toEqual({
      type: 'ready',
      port: expect.any(Number),
      url: expect.stringMatching(/^http:/),
      functions: host.functions,
    });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe.concurrent('the end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s lets running invocations finish, then runs appTerminate',
    async (signal) => {
      const { host, output, url } = await startHttp(fixture);
      const slow = fetch(`${url}/slow`);
      await output.line('slow began');
      host.process.kill(signal);
      // Sent a second time, as a terminal and a parent process do together.
      host.process.kill(signal);
      const response = await slow;
      expect([response.status, await response.text()]).toEqual([200, 'slow but done']);
      expect(await host.exited).toEqual({ code: 0, signal: null });
      expect(output.lines.at(-1)).toBe('stdout: hook appTerminate');
      await expect(fetch(`${url}/nothing`)).rejects.toThrow();
    },
  );

  test('does not wait for ever for a running invocation', async () => {
    const source = `
      import { app } from '@azure/functions';
      app.hook.appTerminate(() => console.log('terminated'));
      app.timer('hangs', { schedule: '0 0 3 * * *', runOnStartup: true, handler: () => {
        console.log('began');
        return new Promise(() => undefined);
      } });`;
    const { host, output } = await startBackground(app({ source }));
    await output.line('began');
    await host.stop();
    expect(await host.exited).toEqual({ code: 0, signal: null });
    await output.line('[warning] host: Stopping without waiting any longer for: hangs');
    await output.line('terminated');
  });

  // WorkerTerminateGracePeriodInSeconds of the host:
  // https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Workers/WorkerConstants.cs
  test('gives appTerminate five seconds: what takes four is done, what takes nine is cut off, and said', async () => {
    const source = `
      import { app } from '@azure/functions';
      import { setTimeout } from 'node:timers/promises';
      app.http('a', { handler: async () => ({ body: 'a' }) });
      app.hook.appTerminate(async () => {
        await setTimeout(4_000);
        console.log('four seconds');
        await setTimeout(5_000);
        console.log('nine seconds');
      });`;
    const { host, output } = await startHttp(app({ source }));
    await host.stop();
    expect(await host.exited).toEqual({ code: 0, signal: null });
    await output.line('four seconds');
    await output.line('[warning] host: An appTerminate hook did not end in time.');
    expect(output.lines.join('\n')).not.toContain('nine seconds');
  });

  test('comes at once during start-up', async () => {
    const source = `${MINIMAL} app.hook.appStart(() => { console.log('starting'); return new Promise(() => undefined); });`;
    const child = fork(MAIN, ['--app', app({ source }), '--functions', 'http'], { execArgv: [], silent: true });
    for await (const chunk of child.stdout ?? []) if (String(chunk).includes('starting')) child.kill('SIGTERM');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });

  test('comes with the parent process', async () => {
    const { host, output } = await startBackground(fixture);
    host.process.disconnect();
    expect(await host.exited).toEqual({ code: 0, signal: null });
    expect(output.lines).toContain('stdout: hook appTerminate');
  });

  test('is answered with 500 when an invocation exceeds functionTimeout; others end, and a new process goes on', async () => {
    const source = `
      import { app } from '@azure/functions';
      import { setTimeout } from 'node:timers/promises';
      app.http('hangs', { handler: async () => { await setTimeout(1_000); console.log('half-way'); await new Promise(() => undefined); } });
      app.http('slow', { handler: async () => { await setTimeout(1_500); return { body: 'slow but done' }; } });
      app.http('pid', { handler: () => ({ body: String(process.pid) }) });`;
    const { host, output, url } = await startHttp(
      app({ source, hostJson: { functionTimeout: '00:00:02', extensions: { http: { routePrefix: '' } } } }),
    );
    const [before, hangs] = [host.pid, fetch(`${url}/hangs`)];
    // Begun later, and still running when the other has run for too long.
    await output.line('half-way');
    const timedOut = output.line('[critical] host: Timeout value of 00:00:02 was exceeded by function "hangs"');
    const slow = fetch(`${url}/slow`);
    await timedOut;
    expect(await (await slow).text()).toBe('slow but done');
    const answer = await hangs;
    expect([answer.status, await answer.text()]).toEqual([500, '']);
    await output.line('functions-host ready', 2);
    const pid = await (await fetch(`${url}/pid`)).text();
    expect([pid, pid === String(before)]).toEqual([String(host.pid), false]);
  });

  test.each([
    ['an uncaught error', "setImmediate(() => { throw new Error('nobody catches me'); });"],
    ['a rejection that nothing handles', "void Promise.reject(new Error('nobody catches me'));"],
  ])('is answered with 500 after %s, and a new process goes on at the same port', async (_what, failing) => {
    const source = `
      import { app } from '@azure/functions';
      app.http('waits', { handler: () => { console.log('waits'); return new Promise(() => undefined); } });
      app.http('fails', { handler: async () => { ${failing} return {}; } });
      app.http('well', { handler: async () => ({ body: 'well' }) });`;
    const { output, url } = await startHttp(app({ source, hostJson: { extensions: { http: { routePrefix: '' } } } }));
    const waiting = fetch(`${url}/waits`);
    await output.line('waits');
    await fetch(`${url}/fails`).catch(() => undefined);
    expect((await waiting).status).toBe(500);
    await output.line('[critical] host: Uncaught error: Error: nobody catches me');
    await output.line('functions-host ready', 2);
    expect(await (await fetch(`${url}/well`)).text()).toBe('well');
  });

  test('comes with its code when the app is lost again and again', async () => {
    const source = `
      import { app } from '@azure/functions';
      app.timer('fails', { schedule: '0 0 3 * * *', runOnStartup: true, handler: () => {
        setImmediate(() => { throw new Error('nobody catches me'); });
      } });`;
    const { host } = await startBackground(app({ source }));
    expect(await host.exited).toEqual({ code: 70, signal: null });
  });
});

describe('a failing start', () => {
  const timer = (schedule: string) =>
    `import { app } from '@azure/functions'; app.timer('nightly', { schedule: '${schedule}', handler: () => undefined });`;

  test('of an entry point that throws: its stack', async () => {
    const err = await failedStart({ source: `${MINIMAL} throw new TypeError('broken at load');` });
    expect(err).toMatch(/^The entry point dist\/functions\.cjs could not be loaded: TypeError: broken at load\n\s+at /);
  });

  test('of an entry point that throws an instruction: only that', async () => {
    const source = `throw Object.assign(new Error('Set NAC_TENANTS first.'), { code: 'NAC_CONFIG' });`;
    expect(await failedStart({ source })).toBe('Set NAC_TENANTS first.');
  });

  test('of an appStart hook', async () => {
    const source = `${MINIMAL} app.hook.appStart(() => { throw new Error('no database'); });`;
    expect(await failedStart({ source })).toMatch(/^An appStart hook failed: Error: no database/);
  });

  test.each<[string, AppSource, RegExp]>([
    [
      'registers nothing',
      { source: 'console.error("loaded")' },
      /No functions found: .*functions\.cjs registered none/,
    ],
    ['is not there', { packageJson: { main: 'dist/other*.js' } }, /No functions found: .*"dist\/other\*\.js".*built/],
    ['is not named', { packageJson: {} }, /No functions found: .*package\.json/],
    [
      'registers a name twice',
      { source: `${MINIMAL} app.http('A', { handler: async () => ({}) });` },
      /"A" has already been registered/,
    ],
    [
      'registers a bad name',
      { source: `${MINIMAL} app.http('1 a', { handler: async () => ({}) });` },
      /"1 a" is not a valid function name/,
    ],
    ['uses streaming', { source: `${MINIMAL} app.setup({ enableHttpStream: true });` }, /buffered HTTP only/],
    [
      'has a bad host.json',
      { source: MINIMAL, hostJson: { functionTimeout: '5 minutes' } },
      /functionTimeout must be a duration.*5 minutes/,
    ],
    [
      'has a bad route',
      { source: `${MINIMAL} app.http('r', { route: 'x/{a:odd}', handler: async () => ({}) });` },
      /Function "r": its route "x\/\{a:odd\}" cannot be used: the constraint "odd" is not supported/,
    ],
  ])('of an app that %s', async (_what, source, message) => {
    expect(await failedStart(source)).toMatch(message);
  });

  test('for an unset %SETTING%, also in the process that would not run the timer', async () => {
    const source = `${MINIMAL} ${timer('%NIGHTLY%').slice(timer('').indexOf('app.timer'))}`;
    expect(await failedStart({ source }, { functions: 'http' })).toBe(
      'Function "nightly": its schedule is %NIGHTLY%, but the app setting NIGHTLY is not set.',
    );
  });

  test.each([
    ['* * * *', 'it has 4 fields'],
    ['0 0 0 * * 7', '"7" is not a valid day of week (0 to 6)'],
    ['0 0 0 L * *', '"L" is not a valid day'],
    ['@daily', 'it has 1 field'],
    ['00:05:00', 'a TimeSpan works on App Service plans only'],
    ['0 0 0 30 2 *', 'it never occurs'],
  ])('for the schedule %s', async (schedule, reason) => {
    const err = await failedStart({ source: timer(schedule) });
    expect(err).toContain(`Function "nightly": its schedule "${schedule}" is not valid: ${reason}`);
  });

  test('names the setting a bad schedule came from', async () => {
    expect(await failedStart({ source: timer('%WHEN%') }, { env: { WHEN: 'daily' } })).toContain(
      'its schedule "daily" (from %WHEN%) is not valid: it has 1 field;',
    );
  });

  test('for a trigger type it does not know', async () => {
    const source = `import { app } from '@azure/functions';
      app.storageQueue('worker', { queueName: 'q', connection: 'QUEUES', handler: () => undefined });`;
    expect(await failedStart({ source })).toBe(
      'Function "worker" has the trigger type queueTrigger, which this host does not support.',
    );
  });

  test('for a Service Bus queue whose connection is not set', async () => {
    const source = `import { app } from '@azure/functions';
      app.serviceBusQueue('worker', { queueName: 'q', connection: 'BUS', handler: () => undefined });`;
    expect(await failedStart({ source })).toBe(
      'Function "worker": the app setting BUS is not set. This host connects by connection string only.',
    );
  });

  test('for a port in use; the programmatic start rejects with the text', async () => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(startHttp(fixture, { port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is already in use.`);
    server.close();
  });

  test.each([
    [[], '--app is missing'],
    [['--app', '/no/such/folder', '--functions', 'all'], 'The app folder /no/such/folder does not exist.'],
    [['--app', '.', '--functions', 'some'], '--functions must be http, background or all'],
    [['--app', '.', '--functions', 'all', '--port', '70000'], '"70000" is not a port'],
    [['--app', '.', '--functions', 'all', '--cert', 'x'], '--cert and --key go together'],
    [['--app', '.', '--nonsense'], "Unknown option '--nonsense'"],
  ])('for the arguments %j', async (args, message) => {
    const { code, out, err } = await runMain(args);
    expect([code, out, err]).toEqual([1, '', expect.stringContaining(message)]);
  });
});

describe('route templates', () => {
  const match = (template: string, target: string) => {
    const params = compileRouteTemplate(template).match(pathSegments(target));
    return params && Object.fromEntries(params);
  };
  const segment = fc.stringMatching(/^[\w.~ %{}äöü*-]{1,8}$/).filter((text) => !/^\.{1,2}$/.test(text));
  const name = fc.stringMatching(/^[a-z]\w{0,5}$/);

  test('never throw on any path', () => {
    const templates = [
      '',
      'a',
      'a/{b}',
      '{a:int}/{b:guid?}',
      'x/{*rest}',
      '{a=1}/{b=2}',
      '{n:long:min(3)}',
      '{l:length(2,4)}',
    ];
    const compiled = templates.map(compileRouteTemplate);
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.webPath(), fc.stringMatching(/^[/%a-fA-F0-9.]*$/)),
        (target) => {
          for (const template of compiled) template.match(pathSegments(target));
        },
      ),
    );
  });

  test('either compile or say what is wrong', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a{}:*?=()/,0-9]*$/)), (template) => {
        try {
          compileRouteTemplate(template);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).message).toMatch(
            /^the .* (?:not supported|occurs twice|come last|wrong arguments)$/s,
          );
        }
      }),
    );
  });

  test('give back every parameter value that was put into the path', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
        fc.array(segment, { minLength: 4, maxLength: 4 }),
        (names, values) => {
          const template = names.map((text) => `p/{${text}}`).join('/');
          const target = names.map((_, index) => `p/${encodeURIComponent(values[index] ?? '')}`).join('/');
          expect(match(template, `/${target}`)).toEqual(
            Object.fromEntries(names.map((text, index) => [text, values[index]])),
          );
          expect(match(template, `/${target}/more`)).toBeUndefined();
          expect(match(`${template}/{*rest}`, `/${target}/more/and%20more`)).toMatchObject({ rest: 'more/and more' });
        },
      ),
    );
  });

  test('match integers exactly where an integer constraint stands', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }), (number) => {
        expect(match('{n:int}', `/${number}`) !== undefined).toBe(BigInt.asIntN(32, number) === number);
        expect(match('{n:long}', `/${number}`) !== undefined).toBe(BigInt.asIntN(64, number) === number);
      }),
    );
  });

  test.each([
    ['{a?}', '/', {}],
    ['{a=7}', '/', { a: '7' }],
    ['x/{a:int?}', '/x/y', undefined],
    ['{a:bool}', '/TRUE', { a: 'TRUE' }],
    ['{a:range(1,5)}', '/6', undefined],
    ['{a:guid}', '/%7B0af7651916cd43dd8448eb211c80319c%7D', { a: '{0af7651916cd43dd8448eb211c80319c}' }],
    ['a/{b}/c', '/a//c', undefined],
    ['{device-id}', '/x', { 'device-id': 'x' }],
  ])('%s against %s', (template, target, params) => {
    expect(match(template, target)).toEqual(params);
  });

  test('fall back to a less specific route that allows the method', () => {
    const route = (template: string, method: string) => ({
      fn: { metadata: { name: template, bindings: {} }, callback: () => undefined },
      methods: [method],
      template: compileRouteTemplate(template),
    });
    const table = createRouteTable([route('{x}', 'POST'), route('a', 'GET')]);
    expect(table.find('POST', '/a')).toMatchObject({ kind: 'found', fn: { metadata: { name: '{x}' } } });
    expect(table.find('PUT', '/a')).toEqual({ kind: 'none' });
  });
});

describe('NCRONTAB schedules', () => {
  const after = (schedule: string, from: string) => parseNcrontab(schedule).next(new Date(from)).toISOString();

  test.each([
    ['*/5 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:05:00.000Z'],
    ['30 5/10 * * * *', '2026-01-01T00:05:30Z', '2026-01-01T00:15:30.000Z'],
    ['0 0 9 * * Monday-Fri', '2026-01-02T09:00:00Z', '2026-01-05T09:00:00.000Z'],
    ['0 0 0 13 * 5', '2026-01-01T00:00:00Z', '2026-02-13T00:00:00.000Z'],
    ['0 0 0 29 Feb *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 15,45 1-3/2 * * *', '2026-01-01T01:45:00Z', '2026-01-01T03:15:00.000Z'],
  ])('%s after %s', (schedule, from, next) => {
    expect(after(schedule, from)).toBe(next);
  });

  test.each([
    '',
    '60 * * * * *',
    '0 0 24 * * *',
    '0 0 0 0 * *',
    '0 0 0 * 13 *',
    '0 */0 * * * *',
    '0 5-3 * * * *',
    '0 0 0 ? * *',
    '0 0 0 * * 1#2',
    '* * * * * * *',
    '-1 * * * * *',
    '0 1,, * * * *',
  ])('rejects "%s"', (schedule) => {
    expect(() => parseNcrontab(schedule)).toThrow();
  });
});

describe('retry delays', () => {
  test('double from the minimum to the maximum, or stay fixed', () => {
    const backoff = {
      retryStrategy: 'exponentialBackoff',
      maxRetryCount: 5,
      minimumInterval: { seconds: 2 },
      maximumInterval: { seconds: 10 },
    } as const;
    expect([1, 2, 3, 4, 2000].map((retry) => retryDelay(backoff, retry))).toEqual([2000, 4000, 8000, 10_000, 10_000]);
    const fixed = { retryStrategy: 'fixedDelay', maxRetryCount: -1, delayInterval: { seconds: 3 } } as const;
    expect([1, 2, 3].map((retry) => retryDelay(fixed, retry))).toEqual([3000, 3000, 3000]);
  });
});
