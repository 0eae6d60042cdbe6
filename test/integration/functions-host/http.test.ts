// HTTP functions in the functions host: a process that runs a built app, asked over HTTP and HTTPS.

// @peculiar/x509 asks for this when it is loaded, so it must come first.
import 'reflect-metadata';

import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import * as x509 from '@peculiar/x509';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  app,
  ENV,
  fixture,
  folders,
  MINIMAL,
  type Output,
  rawRequest,
  runMain,
  startHttp,
  useApps,
} from './spawned-host.ts';

useApps();

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
    ['414 to a request line over 32 KiB', `GET /echo/1?q=${'a'.repeat(40_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ['431 to headers over 32 KiB', `GET /echo/1 HTTP/1.1\r\nHost: a\r\nX-A: ${'a'.repeat(33_000)}\r\n\r\n`, 431],
    ['431 to a head that is longer than Node reads', `GET /echo/1 HTTP/1.1\r\nX-A: ${'a'.repeat(140_000)}`, 431],
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
