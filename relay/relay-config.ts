// What relay.yaml says, read and checked. It names secrets and holds none.

import type { PrivacyMode } from '../shared/ports/privacy-mode.ts';
import type { IpSubnet } from './ip-subnet.ts';
import type { ExtraIdentification, NasProfile } from './profiles/nas-profile.ts';
import type { FixedAttribute } from './radius/fixed-attribute.ts';
import type { IpAddress } from './radius/read-ip-address.ts';
import type { ConfigProblem } from './relay-error.ts';

export interface RelayConfig {
  /** The file it was read from, as the operator named it. */
  readonly file: string;
  readonly site: string;
  /** Name of this relay in reports and logs. */
  readonly relay: string;
  readonly serviceBus: ServiceBusConfig;
  readonly nas: readonly NasEntry[];
  /** Absent: no health endpoint. */
  readonly healthz?: HealthzConfig;
  readonly log: { readonly privacy: PrivacyMode; readonly keyEnv?: SecretSource };
  readonly limits: RelayLimits;
}

export interface HealthzConfig {
  readonly address: string;
  readonly port: number;
  /** Whether `GET /metrics` is there for a Prometheus server. */
  readonly metrics: boolean;
}

export interface RelayLimits {
  /** Requests under way at once, all NASes together. */
  readonly concurrency: number;
  /** Requests under way at once to one NAS; a NAS that did not answer gets one at a time until it does. */
  readonly perNas: number;
  /** Jobs taken off the queue and kept in memory, waiting or under way. */
  readonly prefetch: number;
  /** Requests begun within any minute; further jobs wait. */
  readonly perMinute: number;
  /**
   * Stations that requests are begun for within any ten minutes; further jobs are reported back. Absent: no such limit.
   */
  readonly inTenMinutes?: number;
}

export interface ServiceBusConfig {
  readonly connection: ServiceBusConnection;
  readonly jobsQueue: string;
  readonly resultsQueue: string;
}

export type ServiceBusConnection =
  | {
      readonly kind: 'entra';
      readonly namespace: string;
      readonly credential: EntraCredential;
      readonly transport: 'amqp' | 'websocket';
      readonly proxy?: string;
    }
  | { readonly kind: 'connection-string'; readonly connectionString: SecretSource };

export interface EntraCredential {
  readonly kind: 'certificate' | 'secret';
  readonly tenantId: string;
  readonly clientId: string;
  readonly authorityHost?: string;
  /** Certificate and private key as PEM, or the client secret. */
  readonly source: SecretSource;
}

/** Where a secret is, and where relay.yaml says so. */
export interface SecretSource extends Omit<ConfigProblem, 'problem'> {
  readonly from: 'env' | 'file';
  /** Name of the variable, or path of the file. */
  readonly name: string;
}

export interface NasEntry {
  readonly name: string;
  readonly match: NasMatch;
  /** Absent: the address by which a job matched. */
  readonly address?: string;
  readonly port: number;
  readonly sourceAddress?: string;
  readonly secret: SecretSource;
  readonly profile: NasProfile;
  readonly alsoIdentifyBy: readonly ExtraIdentification[];
  /** Attributes that it gets in each request. */
  readonly send: readonly FixedAttribute[];
  /** What its profile would send, and this NAS must not get. */
  readonly omit: readonly string[];
  readonly messageAuthenticator: boolean;
  readonly eventTimestamp: boolean;
  readonly legacyZeroMessageAuthenticator: boolean;
}

/** One that applies is enough. */
export interface NasMatch {
  readonly nasIdentifier: readonly string[];
  readonly nasIpAddress: readonly IpAddress[];
  readonly nasIpv6Address: readonly IpAddress[];
  readonly packetSourceIp: readonly IpAddress[];
  readonly subnet: readonly IpSubnet[];
}
