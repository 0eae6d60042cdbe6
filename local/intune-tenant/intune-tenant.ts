/**
 * A simulated Microsoft tenant with one registered application and a fleet of Intune devices: the Entra authority and
 * Microsoft Graph on one HTTPS port, and a control port through which the fleet is changed.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServerCertificates } from '../certificates/server-certificates.ts';
import { AccessTokens } from './access-tokens.ts';
import { type AppRegistration, changedRegistration, type RegisteredCredentials } from './app-registration.ts';
import { ComplianceWall } from './compliance-wall.ts';
import { answerControlRequest } from './control-port.ts';
import { EntraDirectory } from './entra-directory.ts';
import { Fleet } from './fleet.ts';
import { type HttpExchange, httpExchange } from './http-exchange.ts';
import { type HttpListener, listenForHttp } from './http-listener.ts';
import { answerManagedIdentity, type ManagedIdentity, managedIdentityPath } from './managed-identity.ts';
import { issuerUrl } from './openid-discovery.ts';
import { PageCache } from './page-cache.ts';
import { counted, RequestCounts, type RequestKind } from './request-counts.ts';
import { RequestThrottle } from './request-throttle.ts';
import { type Script, type ScriptTarget, scriptTargets } from './script.ts';
import { ScriptedAnswers } from './scripted-answers.ts';
import { BehaviourSwitches, type TenantBehaviour } from './tenant-behaviour.ts';
import { answerScripted, answerTenantRequest, type TenantContext } from './tenant-requests.ts';
import { type CloudAudiences, cloudAudiences } from './token-audiences.ts';

export interface IntuneTenantOptions {
  /** HTTPS port of authority and Graph; 0 (unless told) takes a free one. */
  readonly port?: number;
  /** HTTP port of the control port; 0 (unless told) takes a free one. */
  readonly controlPort?: number;
  /** Address the HTTPS listener binds to, 127.0.0.1 unless told. The control port never leaves the loopback interface. */
  readonly host?: string;
  readonly fleetSize?: number;
  readonly seed?: number;
  readonly tenantId?: string;
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** The certificate registered with the application, in PEM. Without one, client assertions are refused. */
  readonly clientCertificatePem?: string;
  /** Names of Graph, of the Intune API and of the token exchange; those of the public cloud unless told. */
  readonly audiences?: CloudAudiences;
  /** How the tenant behaves where it does not behave as usual; `PATCH /behaviour` of the control port. */
  readonly behaviour?: Partial<TenantBehaviour>;
  /** Application permissions per API; all that a NAC connector needs unless told. */
  readonly roles?: { readonly graph: readonly string[]; readonly intune: readonly string[] };
  /** The most devices on one page of a list. */
  readonly pageSize?: number;
  /**
   * How long access tokens are valid, 600 unless told. MSAL counts a token as expired 300 seconds early: with 600 it
   * asks again after five minutes, with less than 300 before every call.
   */
  readonly tokenLifetimeSeconds?: number;
  /** The tenant's clock for tokens and devices; its TLS certificates always follow the machine's. */
  readonly now?: () => Date;
}

export interface IntuneTenantStats {
  /** All requests by what they asked for, those answered by script included. */
  readonly requests: Readonly<Record<RequestKind, number>>;
  /** Requests that were answered by script. */
  readonly scripted: Readonly<Record<ScriptTarget, number>>;
  /** Requests that are still to be answered by script. */
  readonly pendingScripts: Readonly<Record<ScriptTarget, number>>;
  readonly tokensIssued: number;
  readonly devices: number;
}

export interface IntuneTenant {
  readonly baseUrl: string;
  /** Stands in for https://login.microsoftonline.com: an authority is `${authorityHost}/${tenantId}`. */
  readonly authorityHost: string;
  /** Stands in for https://graph.microsoft.com: requests go to `${graphUrl}/v1.0/...`. */
  readonly graphUrl: string;
  readonly controlUrl: string;
  /** The CA that clients of `baseUrl` must trust. */
  readonly caPem: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly audiences: CloudAudiences;
  /** Stands in for `IDENTITY_ENDPOINT` of App Service. Its header and client ID are in `identity`. */
  readonly identityEndpoint: string;
  /** The user-assigned managed identity of the function app; federated with the application from the start. */
  readonly identity: ManagedIdentity;
  /** The directory that `devices/delta` reads. */
  readonly directory: EntraDirectory;
  /** Lets the list of noncompliant devices be started at once. */
  lowerComplianceWall(): void;
  /** `GET /behaviour` and `PATCH /behaviour` of the control port. */
  readonly behaviour: TenantBehaviour;
  behave(change: Partial<TenantBehaviour>): void;
  /** `GET /registration` and `PATCH /registration` of the control port. */
  readonly registration: RegisteredCredentials;
  register(change: Partial<RegisteredCredentials>): void;
  /** The operations of the control port on devices. */
  readonly fleet: Fleet;
  /** `POST /script` of the control port. */
  script(script: Script): void;
  /** `DELETE /script` of the control port. */
  clearScripts(): void;
  stats(): IntuneTenantStats;
  /** Stops both ports, breaks off whatever is under way and leaves no handle open. */
  close(): Promise<void>;
}

const grantedRoles = {
  graph: ['Application.Read.All', 'Device.Read.All', 'DeviceManagementManagedDevices.Read.All'],
  intune: ['get_device_compliance'],
};

/** Starts a tenant that behaves like Entra's token service and Graph's Intune device API towards one application. */
export async function startIntuneTenant(options: IntuneTenantOptions = {}): Promise<IntuneTenant> {
  const switches = new BehaviourSwitches();
  switches.change(options.behaviour ?? {});
  const clock = options.now ?? (() => new Date());
  const now = (): Date => new Date(clock().getTime() + switches.current.clockSkewSeconds * 1000);
  const audiences = options.audiences ?? cloudAudiences.public;
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
    roles: options.roles ?? grantedRoles,
  };
  const fleet = new Fleet({ size: options.fleetSize ?? 500, seed: options.seed ?? 1, now });
  const directory = new EntraDirectory(fleet, now);
  const wall = new ComplianceWall();
  const register = (change: Readonly<Record<string, unknown>>): RegisteredCredentials => {
    registration = changedRegistration(registration, change);
    return registration;
  };
  const closing = new AbortController();
  const scripts = new ScriptedAnswers(closing.signal, now);
  const counts = new RequestCounts();
  const certificates = await createServerCertificates('Simulated Intune tenant CA');

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
    pendingScripts: counted(scriptTargets, (target) => scripts.pending(target)),
    tokensIssued: context?.tokens.issued ?? 0,
    devices: fleet.size,
  });
  const controlServer = createServer((request, response) => {
    const exchange = httpExchange(request, response);
    const ready = context;
    void answered(exchange, async () => {
      if (ready !== undefined && exchange.path === managedIdentityPath) {
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
          register,
          registration: () => registration,
        });
      }
    });
  });
  let controlListener: HttpListener;
  const baseUrl = `https://localhost:${listener.port}`;
  try {
    const tokens = await AccessTokens.create({
      issuer: issuerUrl(baseUrl, registration.tenantId),
      tenantId: registration.tenantId,
      lifetimeSeconds: options.tokenLifetimeSeconds ?? 600,
      now,
    });
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
      get registration() {
        return registration;
      },
      audiences,
      directory,
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
    audiences,
    identityEndpoint: `http://127.0.0.1:${controlListener.port}${managedIdentityPath}`,
    identity,
    directory,
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

/** A request never ends the tenant: what was not foreseen is answered with 500. */
async function answered(exchange: HttpExchange, answer: () => void | Promise<void>): Promise<void> {
  try {
    await answer();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    exchange.answerJson(500, { code: 'internal_error', message });
  }
}
