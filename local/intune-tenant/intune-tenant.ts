// A simulated Microsoft tenant with one registered application and a fleet of Intune devices: the Entra authority and
// Microsoft Graph on one HTTPS port, and a control port through which the fleet is changed. README.md says what it
// does.

import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServerCertificates } from '../certificates/server-certificates.ts';
import { AccessTokens } from './access-tokens.ts';
import { type AppRegistration, changedRegistration, type RegisteredCredentials } from './app-registration.ts';
import { ComplianceWall } from './compliance-wall.ts';
import { answerControlRequest } from './control-port.ts';
import { DirectoryPeople } from './directory-people.ts';
import { EntraDirectory } from './entra-directory.ts';
import { Fleet } from './fleet.ts';
import { type HttpExchange, httpExchange } from './http-exchange.ts';
import { type HttpListener, listenForHttp } from './http-listener.ts';
import { answerManagedIdentity, MANAGED_IDENTITY_PATH, type ManagedIdentity } from './managed-identity.ts';
import { issuerUrl } from './openid-discovery.ts';
import { PageCache } from './page-cache.ts';
import type { ConsoleRegistration } from './people/console-registration.ts';
import { People } from './people/person.ts';
import { PersonTokens } from './people/person-tokens.ts';
import { SignIns } from './people/sign-in.ts';
import { counted, RequestCounts } from './request-counts.ts';
import { RequestThrottle } from './request-throttle.ts';
import { SCRIPT_TARGETS } from './script.ts';
import { ScriptedAnswers } from './scripted-answers.ts';
import { BehaviourSwitches } from './tenant-behaviour.ts';
import type { IntuneTenant, IntuneTenantOptions, IntuneTenantStats } from './tenant-interface.ts';
import { answerScripted, answerTenantRequest, type TenantContext } from './tenant-requests.ts';
import { CLOUD_AUDIENCES } from './token-audiences.ts';

export type { IntuneTenant, IntuneTenantOptions, IntuneTenantStats } from './tenant-interface.ts';

const GRANTED_ROLES = {
  graph: ['Application.Read.All', 'Device.Read.All', 'DeviceManagementManagedDevices.Read.All'],
  intune: ['get_device_compliance'],
};

/** Of all tenants of this process: they are at the same addresses. */
let serverCertificates: ReturnType<typeof createServerCertificates> | undefined;

/** Starts a tenant that behaves like Entra's token service and Graph's Intune device API towards one application. */
export async function startIntuneTenant(options: IntuneTenantOptions = {}): Promise<IntuneTenant> {
  const switches = new BehaviourSwitches();
  switches.change(options.behaviour ?? {});
  const clock = options.now ?? (() => new Date());
  const now = (): Date => new Date(clock().getTime() + switches.current.clockSkewSeconds * 1000);
  const audiences = options.audiences ?? CLOUD_AUDIENCES.public;
  const clientSecret = options.clientSecret ?? randomBytes(30).toString('base64url');
  const identity: ManagedIdentity = {
    clientId: randomUUID(),
    principalId: randomUUID(),
    header: randomBytes(16).toString('hex').toUpperCase(),
  };
  let registration: AppRegistration = {
    tenantId: options.tenantId ?? randomUUID(),
    clientId: options.clientId ?? randomUUID(),
    secrets: [{ value: clientSecret }],
    certificates: options.clientCertificatePem === undefined ? [] : [options.clientCertificatePem],
    federatedCredentials: [],
    roles: options.roles ?? GRANTED_ROLES,
  };
  const fleet = new Fleet({ size: options.fleetSize ?? 500, seed: options.seed ?? 1, now });
  const directory = new EntraDirectory(fleet, now);
  const accounts = new DirectoryPeople(fleet);
  const wall = new ComplianceWall();
  const register = (change: Readonly<Record<string, unknown>>): RegisteredCredentials => {
    registration = changedRegistration(registration, change);
    return registration;
  };
  const closing = new AbortController();
  const scripts = new ScriptedAnswers(closing.signal, now);
  const counts = new RequestCounts();
  serverCertificates ??= createServerCertificates('Simulated Intune tenant CA');
  const certificates = await serverCertificates;

  // The listener comes first because the port is part of every address the tenant hands out.
  let context: TenantContext | undefined;
  const secureServer = createSecureServer(
    { cert: certificates.serverCertificatePem, key: certificates.serverPrivateKeyPem },
    (request, response) => {
      const exchange = httpExchange(request, response);
      const ready = context;
      response.setHeader('date', now().toUTCString());
      void answered(exchange, async () => {
        if (ready === undefined) {
          exchange.answerJson(503, { error: 'starting' });
        } else {
          await answerTenantRequest(exchange, ready);
        }
      });
    },
  );
  const listener = await listenForHttp(secureServer, options.port ?? 0, options.host ?? '127.0.0.1');

  const stats = (): IntuneTenantStats => ({
    requests: counts.requests(),
    scripted: counts.scripted(),
    pendingScripts: counted(SCRIPT_TARGETS, (target) => scripts.pending(target)),
    tokensIssued: context?.tokens.issued ?? 0,
    devices: fleet.size,
  });
  const controlServer = createServer((request, response) => {
    const exchange = httpExchange(request, response);
    const ready = context;
    void answered(exchange, async () => {
      if (ready !== undefined && exchange.path === MANAGED_IDENTITY_PATH) {
        await answerScripted('identity', exchange, ready, () =>
          answerManagedIdentity(exchange, { ...ready, identity }),
        );
      } else {
        await answerControlRequest(exchange, {
          fleet,
          scripts,
          stats,
          switches,
          wall,
          directory,
          console: ready?.console ?? notStarted(),
          register,
          registration: () => registration,
        });
      }
    });
  });
  let controlListener: HttpListener;
  let people: ConsoleRegistration;
  const baseUrl = `https://localhost:${listener.port}`;
  try {
    const tokens = await AccessTokens.create({
      issuer: issuerUrl(baseUrl, registration.tenantId),
      tenantId: registration.tenantId,
      lifetimeSeconds: options.tokenLifetimeSeconds ?? 600,
      now,
    });
    people = await consoleRegistration(baseUrl, registration.tenantId, options, now);
    register({
      federatedCredentials: [
        {
          issuer: issuerUrl(baseUrl, registration.tenantId),
          subject: identity.principalId,
          audience: audiences.tokenExchange,
        },
      ],
    });
    context = {
      console: people,
      get registration() {
        return registration;
      },
      audiences,
      directory,
      people: accounts,
      throttle: new RequestThrottle(),
      pages: new PageCache(),
      behaviour: switches,
      wall,
      tokens,
      fleet,
      scripts,
      counts,
      authorityHost: baseUrl,
      graphUrl: baseUrl,
      pageSize: options.pageSize ?? 1000,
      now,
    };
    controlListener = await listenForHttp(controlServer, options.controlPort ?? 0, '127.0.0.1');
  } catch (error) {
    await listener.close();
    throw error;
  }

  let closed: Promise<void> | undefined;
  return {
    baseUrl,
    authorityHost: baseUrl,
    graphUrl: baseUrl,
    controlUrl: `http://127.0.0.1:${controlListener.port}`,
    caPem: certificates.caPem,
    tenantId: registration.tenantId,
    clientId: registration.clientId,
    clientSecret,
    console: people,
    audiences,
    identityEndpoint: `http://127.0.0.1:${controlListener.port}${MANAGED_IDENTITY_PATH}`,
    identity,
    directory,
    people: accounts,
    lowerComplianceWall: () => wall.lower(),
    get behaviour() {
      return switches.current;
    },
    behave: (change) => void switches.change(change),
    get registration() {
      return registration;
    },
    register: (change) => void register(change),
    fleet,
    script: (script) => scripts.add(script),
    clearScripts: () => scripts.clear(),
    stats,
    close() {
      closing.abort();
      closed ??= Promise.all([listener.close(), controlListener.close()]).then(() => undefined);
      return closed;
    },
  };
}

async function consoleRegistration(
  authorityHost: string,
  tenantId: string,
  { consoleClientId = randomUUID(), site = 'local' }: IntuneTenantOptions,
  now: () => Date,
): Promise<ConsoleRegistration> {
  const issuer = issuerUrl(authorityHost, tenantId);
  const tokens = await PersonTokens.create({ issuer, tenantId, clientId: consoleClientId, now });
  return { clientId: consoleClientId, signIns: new SignIns(new People(site, now), now), tokens };
}

function notStarted(): never {
  throw new Error('the tenant is starting');
}

/** A request never ends the tenant: what was not foreseen is answered with 500. */
async function answered(exchange: HttpExchange, answer: () => void | Promise<void>): Promise<void> {
  try {
    await answer();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    exchange.answerJson(500, { code: 'internal_error', message });
  }
}
