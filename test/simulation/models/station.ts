// A station: an address, the certificates it has, and where it is plugged in or associated at the moment.

import type { Credential } from './answer.ts';

/** What a station is plugged into or associated with, as far as the station acts on it. */
export interface StationNas {
  /** @param silently without a Stop */
  disconnect(station: Station, silently?: boolean): void;
  /** The station asks again by itself. */
  reauthenticate(station: Station, credential?: Credential): void;
}

export interface Station {
  readonly name: string;
  readonly mac: string;
  /** Device that it is, as Intune knows it now; another one after it enrolled again. */
  device: string | undefined;
  /** With what it can authenticate; `mab` alone has no supplicant. */
  readonly credentials: readonly Credential[];
  place: { readonly nas: StationNas; readonly port: string } | undefined;
}

export const hasSupplicant = ({ credentials }: Station): boolean => credentials.some((one) => one !== 'mab');
