// The opaque `$skiptoken` of a list of managed devices: the place to go on from, and when it was handed out.

export interface ListPlace {
  /** Place in the order of enrolment; 0 is the beginning. */
  readonly from: number;
  /** Number of the page that starts there, from 1. */
  readonly page: number;
}

export function skipTokenOf(place: ListPlace, issued: Date): string {
  return Buffer.from(`managedDevices:${place.from}:${place.page}:${issued.getTime()}`).toString('base64url');
}

/** The beginning without a token; undefined for a token that is made up or older than its lifetime in seconds. */
export function placeOf(skipToken: string | null, now: Date, lifetime: number | null): ListPlace | undefined {
  if (skipToken === null) {
    return { from: 0, page: 1 };
  }
  const parts = /^managedDevices:(\d{1,15}):(\d{1,9}):(\d{1,15})$/.exec(
    Buffer.from(skipToken, 'base64url').toString('utf8'),
  );
  const [from, page, issued] = (parts ?? []).slice(1).map(Number);
  if (from === undefined || page === undefined || issued === undefined) {
    return undefined;
  }
  return lifetime !== null && now.getTime() - issued >= lifetime * 1000 ? undefined : { from, page };
}
