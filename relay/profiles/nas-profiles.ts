// All NAS profiles, by the name that relay.yaml uses.

import { ciscoIos } from './cisco-ios.ts';
import { genericRfc5176 } from './generic-rfc5176.ts';
import type { NasProfile } from './nas-profile.ts';

export const NAS_PROFILES: ReadonlyMap<string, NasProfile> = new Map(
  [genericRfc5176, ciscoIos].map((profile) => [profile.name, profile]),
);
