// Writes an instant the way Graph does for whole seconds: ISO 8601 in UTC without a fraction.

export function graphDate(instant: Date): string {
  return `${instant.toISOString().slice(0, 19)}Z`;
}
