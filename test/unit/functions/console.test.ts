// The console is served from a list: each file in the coding that the browser takes, named by its content, and nothing
// that the list does not have.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpRequest } from '@azure/functions';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveConsole } from '../../../functions/serve-console.ts';
import { ConsoleFiles } from '../../../shared/app/console-files.ts';
import { acceptedCoding } from '../../../shared/http/accepted-coding.ts';

const AUTHORITY = 'https://login.microsoftonline.com';
const SCRIPT = 'assets/main-AAAA.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nac-console-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'secret.txt'), 'not in the manifest');
  for (const [path, text] of [
    ['index.html', '<!doctype html>'],
    [SCRIPT, 'script'],
  ] as const) {
    writeFileSync(join(folder, path), text);
    writeFileSync(join(folder, `${path}.br`), `${text} in Brotli`);
    writeFileSync(join(folder, `${path}.gz`), `${text} in gzip`);
  }
  const files = [
    { path: 'index.html', type: 'text/html; charset=utf-8', hash: 'page', immutable: false },
    { path: SCRIPT, type: 'text/javascript; charset=utf-8', hash: 'script', immutable: true },
  ];
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ files }));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function asked(path: string, headers: Record<string, string> = {}, host = 'https://nac.example', method = 'GET') {
  const url = `${host}/console/${path}`;
  const request = new HttpRequest({ method, url, headers, params: path === '' ? {} : { path } });
  const { status, headers: answered, body } = await serveConsole(new ConsoleFiles(folder), AUTHORITY)(request);
  return { status, headers: answered as Record<string, string>, text: body === undefined ? '' : String(body) };
}

describe('a file', () => {
  test.each([
    ['br, gzip', 'br', 'script in Brotli'],
    ['gzip, deflate, br;q=0', 'gzip', 'script in gzip'],
    ['identity', undefined, 'script'],
    ['', undefined, 'script'],
  ])('asked for with Accept-Encoding %j goes as %s', async (accepted, coding, text) => {
    const answer = await asked(SCRIPT, { 'accept-encoding': accepted });
    expect(answer).toMatchObject({ status: 200, text });
    expect(answer.headers['content-encoding']).toBe(coding);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-length': String(text.length),
      vary: 'Accept-Encoding',
    });
  });

  test('that the browser has is not sent again, and each coding has an ETag of its own', async () => {
    const plain = (await asked(SCRIPT)).headers['etag'] ?? '';
    const brotli = (await asked(SCRIPT, { 'accept-encoding': 'br' })).headers['etag'] ?? '';
    expect(brotli).not.toBe(plain);
    expect(await asked(SCRIPT, { 'if-none-match': `"other", ${plain}` })).toMatchObject({ status: 304, text: '' });
    expect(await asked(SCRIPT, { 'if-none-match': brotli })).toMatchObject({ status: 200 });
  });

  test('asked for by HEAD comes without its content', async () => {
    const answer = await asked(SCRIPT, {}, 'https://nac.example', 'HEAD');
    expect(answer).toMatchObject({ status: 200, text: '', headers: { 'content-length': '6' } });
  });
});

describe('the page', () => {
  test.each([
    '',
    'devices/0f8fad5b-d9cb-469f-a165-70867728950e',
    'devices/host.contoso.com',
    'secret.txt',
    '../secret.txt',
  ])('stands at /console/%s, and is asked for again each time', async (path) => {
    const answer = await asked(path);
    expect(answer).toMatchObject({ status: 200, text: '<!doctype html>', headers: { 'cache-control': 'no-cache' } });
  });

  test.each(['assets/main-OLD.js', 'assets/../../secret.txt', 'assets', 'manifest.json', 'config.json'])(
    'does not stand at %s, which is a name of the build: 404, kept by no browser',
    async (path) => {
      expect(await asked(path)).toMatchObject({ status: 404, text: '', headers: { 'cache-control': 'no-store' } });
    },
  );

  test('comes with headers that let in no script but its own, and no other page near it', async () => {
    const { headers } = await asked('');
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).not.toContain('unsafe-');
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        `connect-src 'self' ${AUTHORITY}`,
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
      ]),
    );
    expect(headers).toMatchObject({
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
    });
    const local = await asked('', {}, 'https://localhost:7071');
    expect(local.headers['strict-transport-security']).toBeUndefined();
  });
});

test.each([
  ['*', 'br'],
  ['*;q=0', undefined],
  ['BR;q=0.1, gzip;q=1', 'br'],
  ['br;q=zero, gzip', 'gzip'],
  ['gzip;q=0, *', 'br'],
])('Accept-Encoding %j takes %s', (accepted, coding) => {
  expect(acceptedCoding(accepted)).toBe(coding);
});
