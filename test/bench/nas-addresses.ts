// The loopback addresses at which the bench has its NASes.

export const NAS_COUNT = 500;
export const NAS_SECRET = 'shared-with-the-nas';

export function nasAddress(index: number): string {
  const number = index % NAS_COUNT;
  return `127.0.${1 + Math.floor(number / 250)}.${1 + (number % 250)}`;
}
