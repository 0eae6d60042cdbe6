// HTTP trigger: one listener, plain or TLS, for all HTTP functions of the app. It answers as the .NET host was seen to:
// 404 for a wrong method, 500 for a body over the limit, 414 and 431 for lines and headers that Kestrel does not take.
//
// Not imitated, since no client of ours sends it: lines that end with LF alone, Content-Length and chunked together,
// the pages / and /admin, the rewriting of %252F and %zz in request.url, a body lost because a function sets
// Content-Length.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { StartError } from '../../local-error.ts';
import { describeError } from '../describe-error.ts';
import { kestrelRefusal, LARGEST_HEAD_READ, unparsedRefusal } from '../kestrel-refusal.ts';
import { BodyTooLargeError, hasUndeliverableBody, readHttpRequest, requestUrl } from '../read-http-request.ts';
import { createRouteTable, type Route, type RouteTable } from '../route-table.ts';
import { compileRouteTemplate } from '../route-template.ts';
import type { RpcHttpResponse } from '../rpc-types.ts';
import { writeHttpResponse } from '../write-http-response.ts';
import type { Listen, RunningTrigger, TriggeredFunction, TriggerHost, TriggerType } from './trigger-type.ts';

// Azure's limit; the setting is the one that changes it there.
const DEFAULT_BODY_LIMIT = 100 * 1024 * 1024;
const BODY_LIMIT_SETTING = 'FUNCTIONS_REQUEST_BODY_SIZE_LIMIT';

/** For the last answers of a lost process to leave it. */
const ABANDON_MS = 1_000;

const SERVER_OPTIONS = {
  // Longer than the idle time after which common clients and proxies give a connection up themselves.
  keepAliveTimeout: 65_000,
  maxHeaderSize: LARGEST_HEAD_READ,
};

export const httpTrigger: TriggerType = {
  bindingType: 'httptrigger',
  group: 'http',
  prepare(functions, host) {
    const routes = createRouteTable(functions.map((fn) => createRoute(fn, host.app.routePrefix)));
    warnAboutSharedRoutes(functions, host);
    return { start: () => listen(routes, host) };
  },
};

function createRoute(fn: TriggeredFunction, prefix: string): Route {
  const template = routeText(fn);
  try {
    return { fn: fn.registered, methods: routeMethods(fn), template: compileRouteTemplate(`${prefix}/${template}`) };
  } catch (error) {
    throw new StartError(
      `Function "${fn.name}": its route "${template}" cannot be used: ${error instanceof Error ? error.message : error}.`,
    );
  }
}

function routeText({ trigger, name }: TriggeredFunction): string {
  const { route } = trigger;
  return typeof route === 'string' && route !== '' ? route : name;
}

function routeMethods({ trigger }: TriggeredFunction): string[] {
  const { methods } = trigger;
  return Array.isArray(methods) ? methods.map((method) => String(method).toUpperCase()) : ['GET', 'POST'];
}

// Azure starts such an app and leaves open which function answers.
function warnAboutSharedRoutes(functions: readonly TriggeredFunction[], host: TriggerHost): void {
  const owners = new Map<string, string>();
  for (const fn of functions) {
    for (const method of routeMethods(fn)) {
      const key = `${method} ${routeText(fn).toLowerCase()}`;
      const owner = owners.get(key);
      if (owner !== undefined) host.log('warning', `Functions "${owner}" and "${fn.name}" have the same route: ${key}`);
      else owners.set(key, fn.name);
    }
  }
}

async function listen(routes: RouteTable, host: TriggerHost): Promise<RunningTrigger> {
  const { tls } = host.listen;
  const scheme = tls ? 'https' : 'http';
  const bodyLimit = readBodyLimit(host.env);
  const unanswered = new Set<ServerResponse>();
  let onAnswered = () => {};
  let stopping = false;
  const onRequest: RequestListener = (request, response) => {
    unanswered.add(response);
    response.once('close', () => {
      unanswered.delete(response);
      onAnswered();
    });
    if (stopping) response.shouldKeepAlive = false;
    answer(request, response, { routes, host, scheme, bodyLimit }).catch((error: unknown) => {
      host.log('error', `An HTTP request failed: ${describeError(error)}`);
      if (!response.headersSent) refuse(response, 500);
      else response.destroy();
    });
  };
  const server = tls ? createTlsServer(tls, onRequest) : http.createServer(SERVER_OPTIONS, onRequest);
  server.on('clientError', (error, socket) => {
    if (!socket.writable) return;
    const status = unparsedRefusal(error);
    socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  });
  const port = await bind(server, host.listen);
  return {
    address: { port, url: `${scheme}://${urlHost(host.listen.host)}:${port}` },
    async abandon() {
      server.close();
      const written = [...unanswered].map((response) => {
        const closed = once(response, 'close');
        if (response.headersSent) response.destroy();
        else refuse(response, 500, 'close');
        return closed;
      });
      await Promise.race([Promise.all(written), wait(ABANDON_MS)]);
    },
    async stop(limitMs) {
      stopping = true;
      // Connections that carry no request would stay open for the whole keep-alive time.
      server.close();
      server.closeIdleConnections();
      const allAnswered = new Promise<void>((resolve) => {
        onAnswered = () => {
          if (unanswered.size === 0) resolve();
        };
        onAnswered();
      });
      for (const response of unanswered) response.shouldKeepAlive = false;
      const limit = new AbortController();
      await Promise.race([allAnswered, wait(limitMs, undefined, { signal: limit.signal }).catch(() => undefined)]);
      limit.abort();
      server.closeAllConnections();
    },
  };
}

function readBodyLimit(env: NodeJS.ProcessEnv): number {
  const text = env[BODY_LIMIT_SETTING];
  if (!text) return DEFAULT_BODY_LIMIT;
  if (!/^\d+$/.test(text)) throw new StartError(`The app setting ${BODY_LIMIT_SETTING} must be a number of bytes.`);
  return Number(text);
}

function createTlsServer({ certFile, keyFile }: NonNullable<Listen['tls']>, onRequest: RequestListener): https.Server {
  const read = (file: string) => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new StartError(`The TLS file ${file} cannot be read: ${error instanceof Error ? error.message : error}`);
    }
  };
  const [cert, key] = [read(certFile), read(keyFile)];
  try {
    return https.createServer({ ...SERVER_OPTIONS, cert, key }, onRequest);
  } catch (error) {
    throw new StartError(
      `${certFile} and ${keyFile} are no certificate and matching key: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function bind(server: http.Server, { port, host }: Listen): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'EADDRINUSE' ? 'is already in use' : `cannot be used: ${error.message}`;
      reject(new StartError(`Port ${port} on ${host} ${reason}.`));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve((server.address() as AddressInfo).port);
    });
  });
}

// "All interfaces" is an address to listen on, not one to connect to.
function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

interface Answering {
  readonly routes: RouteTable;
  readonly host: TriggerHost;
  readonly scheme: 'http' | 'https';
  readonly bodyLimit: number;
}

async function answer(request: IncomingMessage, response: ServerResponse, context: Answering): Promise<void> {
  const { routes, host, scheme, bodyLimit } = context;
  const refused = kestrelRefusal(request);
  if (refused !== undefined) {
    refuse(response, refused, 'close');
    return;
  }
  const url = requestUrl(request, scheme);
  if (!url) {
    refuse(response, 400);
    return;
  }
  const match = routes.find(request.method ?? '', url.pathname);
  if (match.kind !== 'found') {
    // The host does not tell a wrong method from a path without a function.
    refuse(response, 404);
    return;
  }

  const { name } = match.fn.metadata;
  if (hasUndeliverableBody(request)) {
    host.log(
      'warning',
      'The request body has no Content-Length (Transfer-Encoding: chunked); as on Azure, the function gets an empty body.',
      name,
    );
  }
  let result: RpcHttpResponse | undefined;
  try {
    const httpRequest = await readHttpRequest(request, url, match.params, bodyLimit);
    const { traceparent, tracestate } = request.headersDistinct;
    const invocation = await host.runner.run(match.fn, {
      data: { http: httpRequest },
      traceParent: traceparent?.[0],
      traceState: tracestate?.[0],
    });
    result = invocation.returnValue?.http;
  } catch (error) {
    if (error instanceof BodyTooLargeError) {
      host.log('error', `Request body too large. The max request body size is ${bodyLimit} bytes.`, name);
      // Reading on, only to throw up to a limitless body away, would keep the client busy for nothing.
      refuse(response, 500, 'close');
      return;
    }
    // A client that went away while sending its body.
    if (request.errored) return;
    host.log('error', describeError(error), name);
    refuse(response, 500);
    return;
  }
  writeHttpResponse(response, result);
}

function refuse(response: ServerResponse, status: number, connection: 'close' | 'keep' = 'keep'): void {
  if (connection === 'close') response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-length': 0 }).end();
}
