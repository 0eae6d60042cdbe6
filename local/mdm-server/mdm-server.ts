// A simulated MDM server that answers Cisco's MDM dialect over HTTPS, versions 1 to 3, with a control port through
// which its devices and its behaviour are changed. README.md says what it does.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServerCertificates } from '../certificates/server-certificates.ts';
import { type HttpExchange, httpExchange } from '../intune-tenant/http-exchange.ts';
import { listenForHttp } from '../intune-tenant/http-listener.ts';
import { answerQuestion, answerXml, kindOf, type QuestionKind } from './answer-question.ts';
import { answerControlRequest } from './control-port.ts';
import { ServedFleet } from './served-fleet.ts';
import { checkedBehaviour, type ServerBehaviour, USUAL_BEHAVIOUR } from './server-behaviour.ts';
import { type ServerScript, ServerScripts } from './server-script.ts';

export interface MdmServerOptions {
  /** HTTPS port; 0, the default, takes a free one. */
  readonly port?: number;
  /** HTTP port of the control port; 0, the default, takes a free one. */
  readonly controlPort?: number;
  readonly fleetSize?: number;
  readonly seed?: number;
  readonly username?: string;
  readonly password?: string;
  /** Path before `/ciscoise`, as some products have one; begins with a slash. */
  readonly instance?: string;
  readonly behaviour?: Partial<ServerBehaviour>;
  /** The server's clock for its devices; its TLS certificates always follow the machine's. */
  readonly now?: () => Date;
}

export interface SeenQuestion {
  readonly kind: QuestionKind;
  /** Path and query, as sent. */
  readonly target: string;
}

export interface MdmServer {
  /** What an operator enters as the address of the MDM. */
  readonly address: string;
  readonly controlUrl: string;
  /** The CA that clients must trust. */
  readonly caPem: string;
  readonly username: string;
  readonly password: string;
  readonly fleet: ServedFleet;
  readonly behaviour: ServerBehaviour;
  /** `PATCH /behaviour` of the control port. */
  behave(change: Partial<ServerBehaviour>): void;
  /** `DELETE /behaviour` of the control port. */
  behaveAsUsual(): void;
  /** `POST /script` of the control port. */
  script(script: ServerScript): void;
  clearScripts(): void;
  /** Every question so far, refused ones included, in the order in which they came. */
  readonly questions: readonly SeenQuestion[];
  close(): Promise<void>;
}

/** The newest questions that are kept. */
const MOST_QUESTIONS = 10_000;

/** Of all servers of this process: they are at the same addresses. */
let certificatesOfServers: ReturnType<typeof createServerCertificates> | undefined;

export async function startMdmServer(options: MdmServerOptions = {}): Promise<MdmServer> {
  const now = options.now ?? (() => new Date());
  const username = options.username ?? 'connector';
  const password = options.password ?? randomBytes(18).toString('base64url');
  const instance = options.instance ?? '';
  let behaviour: ServerBehaviour = { ...USUAL_BEHAVIOUR, ...checkedBehaviour(options.behaviour ?? {}) };
  const fleet = new ServedFleet({ size: options.fleetSize ?? 50, seed: options.seed ?? 1, now });
  const closing = new AbortController();
  const scripts = new ServerScripts(closing.signal);
  const questions: SeenQuestion[] = [];
  const limit = new RequestLimit(now);
  certificatesOfServers ??= createServerCertificates('Simulated MDM server CA');
  const certificates = await certificatesOfServers;
  let baseUrl = '';

  async function answer(exchange: HttpExchange): Promise<void> {
    const context = { fleet, behaviour, instance, baseUrl };
    const kind = kindOf(exchange, context);
    questions.push({ kind, target: `${exchange.path}${exchange.rawQuery === '' ? '' : `?${exchange.rawQuery}`}` });
    if (questions.length > MOST_QUESTIONS) questions.shift();
    if (behaviour.redirectTo !== null) {
      answerXml(exchange, 302, '', { location: behaviour.redirectTo });
      return;
    }
    if (!isAllowed(exchange.header('authorization'), username, password)) {
      answerXml(exchange, 401, '', { 'www-authenticate': 'Basic realm="MDM", charset="UTF-8"' });
      return;
    }
    if (behaviour.requestLimit !== null && !limit.take(behaviour.requestLimit)) {
      answerXml(exchange, 429, '', retryAfter(behaviour, now()));
      return;
    }
    if (await scripts.play(kind, exchange)) return;
    answerQuestion(exchange, context);
  }

  const secureServer = createSecureServer(
    { cert: certificates.serverCertificatePem, key: certificates.serverPrivateKeyPem },
    (request, response) => {
      response.setHeader('date', now().toUTCString());
      void answered(httpExchange(request, response), answer);
    },
  );
  const listener = await listenForHttp(secureServer, options.port ?? 0, '127.0.0.1');
  baseUrl = `https://localhost:${listener.port}`;
  const control = {
    fleet,
    scripts,
    behaviour: () => behaviour,
    behave: (change: Partial<ServerBehaviour>) => {
      behaviour = { ...behaviour, ...change };
    },
    stats: () => ({ devices: fleet.size, questions: questions.length, last: questions.slice(-20) }),
  };
  const controlServer = createServer((request, response) => {
    void answered(httpExchange(request, response), (exchange) => answerControlRequest(exchange, control));
  });
  const controlListener = await listenForHttp(controlServer, options.controlPort ?? 0, '127.0.0.1').catch(
    async (error: unknown) => {
      await listener.close();
      throw error;
    },
  );

  let closed: Promise<void> | undefined;
  return {
    address: `${baseUrl}${instance}`,
    controlUrl: `http://127.0.0.1:${controlListener.port}`,
    caPem: certificates.caPem,
    username,
    password,
    fleet,
    get behaviour() {
      return behaviour;
    },
    behave: (change) => control.behave(checkedBehaviour(change)),
    behaveAsUsual: () => control.behave(USUAL_BEHAVIOUR),
    script: (script) => scripts.add(script),
    clearScripts: () => scripts.clear(),
    questions,
    close() {
      closing.abort();
      closed ??= Promise.all([listener.close(), controlListener.close()]).then(() => undefined);
      return closed;
    },
  };
}

/** Questions in the running second of the server's clock. */
class RequestLimit {
  readonly #now: () => Date;
  #second = 0;
  #taken = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  take(perSecond: number): boolean {
    const second = Math.floor(this.#now().getTime() / 1000);
    this.#taken = second === this.#second ? this.#taken + 1 : 1;
    this.#second = second;
    return this.#taken <= perSecond;
  }
}

function isAllowed(header: string | undefined, username: string, password: string): boolean {
  const [, sent = ''] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header ?? '') ?? [];
  const [given, wanted] = [Buffer.from(sent, 'base64'), Buffer.from(`${username}:${password}`, 'utf8')];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function retryAfter({ retryAfter: form }: ServerBehaviour, now: Date): Readonly<Record<string, string>> {
  if (form === 'none') return {};
  return { 'retry-after': form === 'seconds' ? '30' : new Date(now.getTime() + 30_000).toUTCString() };
}

/** A request never ends the server: what was not foreseen is answered with 500. */
async function answered(
  exchange: HttpExchange,
  answer: (exchange: HttpExchange) => void | Promise<void>,
): Promise<void> {
  try {
    await answer(exchange);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    exchange.answerJson(500, { code: 'internal_error', message });
  }
}
