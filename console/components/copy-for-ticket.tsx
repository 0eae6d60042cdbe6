// Copies the facts of what is in view as plain text, for a ticket or a chat.

import { TEXTS } from '../texts.ts';
import { announce } from './announcer.tsx';
import { plainForeign } from './foreign-text.ts';
import { writeMoment } from './times.ts';

/** Name and value of each line; a value that is undefined is left out. */
export type TicketLines = readonly (readonly [string, string | undefined])[];

/** @param address of the page that shows it */
export function ticketText(lines: TicketLines, address: string): string {
  const written = lines.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${name}: ${plainForeign(value)}`],
  );
  return [...written, `Link: ${address}`].join('\n');
}

/** A moment for a ticket: in the reader's zone, and in UTC. */
export function ticketMoment(at: string | undefined): string | undefined {
  if (at === undefined) return undefined;
  const moment = new Date(at);
  return `${writeMoment(moment, 'local')} (${writeMoment(moment, 'utc')})`;
}

export function CopyForTicket({ lines }: { readonly lines: () => TicketLines }) {
  const copy = (): void => {
    navigator.clipboard.writeText(ticketText(lines(), location.href)).then(
      () => announce(TEXTS.copiedForTicket),
      () => announce(TEXTS.notCopied),
    );
  };
  return (
    <button type="button" onClick={copy}>
      {TEXTS.copyForTicket}
    </button>
  );
}
