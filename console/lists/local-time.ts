// Moments in the reader's zone, always with the zone's name.

/** @param zone of IANA; the browser's where absent @returns a text like `2026-11-30 23:15:02 CET` */
export function localTimeIn(zone?: string): (instant: string) => string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(zone !== undefined && { timeZone: zone }),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  });
  return (instant) => {
    const at = new Date(instant);
    if (Number.isNaN(at.getTime())) return '';
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const { year, month, day, hour, minute, second, timeZoneName } = parts;
    return `${year}-${month}-${day} ${hour}:${minute}:${second} ${timeZoneName}`;
  };
}
