// Names of the NAS profiles that a relay may have: what reports may name, and nothing else.

export const NAS_PROFILE_NAMES = ['generic-rfc5176', 'cisco-ios'] as const;
export type NasProfileName = (typeof NAS_PROFILE_NAMES)[number];

export function nasProfileName(text: unknown): NasProfileName | undefined {
  return NAS_PROFILE_NAMES.find((name) => name === text);
}
