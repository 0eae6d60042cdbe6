// A moment in UTC as ISO 8601 text with milliseconds: sorts and compares as plain text, and reads well in a table.

/** For example `2026-11-20T21:40:00.000Z`. */
export type Instant = string;

export function toInstant(date: Date): Instant {
  return date.toISOString();
}

/** Milliseconds from one moment to a later one; negative when `later` is earlier. */
export function millisecondsBetween(earlier: Instant, later: Instant): number {
  return Date.parse(later) - Date.parse(earlier);
}

export function addMilliseconds(instant: Instant, milliseconds: number): Instant {
  return new Date(Date.parse(instant) + milliseconds).toISOString();
}
