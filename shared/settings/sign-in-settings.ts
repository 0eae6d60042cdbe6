// The settings by which the app signs in to Microsoft, and reaches it: cloud, credential, addresses, proxy, deadlines.

import { NATIONAL_CLOUD_NAMES, type NationalCloudName } from '../domain/national-cloud-name.ts';
import { withoutTrailing } from '../domain/trailing.ts';
import type { AppCredential, CertificateLocation } from '../ports/app-credential.ts';
import { NATIONAL_CLOUDS, type NationalCloud } from './national-clouds.ts';
import { retiredEndpoint } from './retired-endpoint.ts';
import type { SettingsReader } from './settings-reader.ts';
import type { SettingName } from './settings-table.ts';

export interface SignInSettings {
  readonly entra: {
    readonly cloud: NationalCloudName;
    readonly tenantId: string;
    readonly clientId: string;
    readonly credential: AppCredential;
    readonly authorityHost: string;
  };
  /** Root of Microsoft Graph, without a slash behind. */
  readonly graphEndpoint: string;
  /** Audience of Intune's own API, with a slash behind. */
  readonly intuneAudience: string;
  /** Hosts, and everything below them, where Intune's services may be. */
  readonly intuneServiceHosts: readonly string[];
  readonly network: NetworkSettings;
}

export interface NetworkSettings {
  readonly extraCaFile?: string;
  readonly proxy?: { readonly url: string; readonly bypass: string };
  readonly connectTimeoutMs: number;
  readonly readTimeoutMs: number;
}

export function readSignInSettings(reader: SettingsReader): SignInSettings {
  const cloud = reader.oneOf('ENTRA_CLOUD', NATIONAL_CLOUD_NAMES);
  const known = NATIONAL_CLOUDS[cloud] ?? NATIONAL_CLOUDS.Public;
  return {
    entra: {
      cloud,
      tenantId: reader.guid('ENTRA_TENANT_ID'),
      clientId: reader.guid('ENTRA_CLIENT_ID'),
      credential: readCredential(reader, known),
      authorityHost: readRoot(reader, 'ENTRA_AUTHORITY_HOST') ?? known.authorityHost,
    },
    graphEndpoint: readRoot(reader, 'GRAPH_ENDPOINT') ?? known.graphEndpoint,
    intuneAudience: readAudience(reader) ?? known.intuneAudience,
    intuneServiceHosts: readHosts(reader),
    network: readNetwork(reader),
  };
}

/** An address without a path: `https://login.microsoftonline.com`. */
function readRoot(reader: SettingsReader, name: SettingName): string | undefined {
  const value = reader.text(name);
  if (value === undefined || refusedAsRetired(reader, name, value)) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'https:') {
    reader.problem(name, 'is not an https:// URL');
  } else if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') {
    reader.problem(name, `is the host alone, without path or name of the tenant: ${url.origin}`);
  }
  return url?.origin;
}

/** Takes the audience as people write it: with one slash, none, or as the scope with `/.default` behind. */
function readAudience(reader: SettingsReader): string | undefined {
  const value = reader.text('INTUNE_AUDIENCE');
  if (value === undefined || refusedAsRetired(reader, 'INTUNE_AUDIENCE', value)) return undefined;
  const audience = withoutTrailing(value.replace(/\/\.default$/, ''), '/');
  const isUrl = URL.canParse(audience) && ['https:', 'api:'].includes(new URL(audience).protocol);
  if (!isUrl && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(audience)) {
    reader.problem('INTUNE_AUDIENCE', 'is not an audience like https://api.manage.microsoft.com/');
  }
  return isUrl ? `${audience}/` : audience;
}

function readHosts(reader: SettingsReader): string[] {
  const hosts = (reader.text('INTUNE_SERVICE_HOSTS') ?? '')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean);
  const isHost = (host: string): boolean => /^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$/.test(host);
  if (hosts.length === 0 || !hosts.every(isHost)) {
    reader.problem('INTUNE_SERVICE_HOSTS', 'is not a list of host names like manage.microsoft.com');
  }
  return hosts;
}

function refusedAsRetired(reader: SettingsReader, name: SettingName, value: string): boolean {
  const problem = retiredEndpoint(value);
  if (problem !== undefined) reader.problem(name, problem);
  return problem !== undefined;
}

function readCredential(reader: SettingsReader, cloud: NationalCloud): AppCredential {
  const certificates = readCertificates(reader);
  const secret = reader.text('ENTRA_CLIENT_SECRET');
  const managedIdentity = reader.text('ENTRA_MANAGED_IDENTITY_CLIENT_ID');
  const kinds = [certificates.length > 0, secret !== undefined, managedIdentity !== undefined].filter(Boolean).length;
  if (kinds !== 1) {
    reader.problem(
      undefined,
      `${kinds === 0 ? 'Set one' : 'Set only one'} of ENTRA_MANAGED_IDENTITY_CLIENT_ID (no secret at all), ` +
        'ENTRA_CLIENT_CERTIFICATE or ENTRA_CLIENT_CERTIFICATE_FILE (PEM or PFX), and ENTRA_CLIENT_SECRET (the secret value, not its id)',
    );
  }
  if (managedIdentity !== undefined) {
    const audience = reader.text('ENTRA_FEDERATED_AUDIENCE') ?? cloud.federatedAudience;
    return { kind: 'managed-identity', clientId: reader.guid('ENTRA_MANAGED_IDENTITY_CLIENT_ID'), audience };
  }
  if (certificates.length > 0) {
    const password = reader.text('ENTRA_CLIENT_CERTIFICATE_PASSWORD');
    return { kind: 'certificates', certificates, ...(password !== undefined && { password }) };
  }
  const expiresAt = readExpiry(reader);
  return { kind: 'secret', secret: secret ?? '', ...(expiresAt !== undefined && { expiresAt }) };
}

function readCertificates(reader: SettingsReader): CertificateLocation[] {
  const texts = (['ENTRA_CLIENT_CERTIFICATE', 'ENTRA_CLIENT_CERTIFICATE_2'] as const).flatMap((setting) => {
    const text = reader.text(setting);
    return text === undefined ? [] : [{ setting, text }];
  });
  const files = (['ENTRA_CLIENT_CERTIFICATE_FILE', 'ENTRA_CLIENT_CERTIFICATE_FILE_2'] as const).flatMap((setting) => {
    const file = reader.text(setting);
    return file === undefined ? [] : [{ setting, file }];
  });
  return [...texts, ...files];
}

function readExpiry(reader: SettingsReader): string | undefined {
  const value = reader.text('ENTRA_CLIENT_SECRET_EXPIRES');
  if (value === undefined) return undefined;
  const time = /^\d{4}-\d{2}-\d{2}([T ][\d:.]+Z?)?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time)) reader.problem('ENTRA_CLIENT_SECRET_EXPIRES', 'is not a date like 2027-03-31');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function readNetwork(reader: SettingsReader): NetworkSettings {
  const extraCaFile = reader.text('EXTRA_CA_FILE');
  const url = reader.text('HTTPS_PROXY');
  // Empty: a reference that was not resolved, which has been reported.
  if (url && !(URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol))) {
    // The value may hold a password: it is not shown.
    reader.problem('HTTPS_PROXY', 'is not an http:// or https:// URL of a proxy');
  }
  return {
    ...(extraCaFile !== undefined && { extraCaFile }),
    ...(url !== undefined && { proxy: { url, bypass: reader.text('NO_PROXY') ?? '' } }),
    connectTimeoutMs: reader.duration('HTTPS_CONNECT_TIMEOUT', { from: '100ms', to: '1m', unit: 's' }),
    readTimeoutMs: reader.duration('HTTPS_READ_TIMEOUT', { from: '100ms', to: '5m', unit: 's' }),
  };
}
