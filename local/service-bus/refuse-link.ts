// Refuses a link in the form the service does and the SDK understands: an attach, then a detach that tells why.
import type { Receiver, Sender } from 'rhea';
import { toBrokerError } from './broker-error.ts';

export function refuseLink(link: Sender | Receiver, reason: unknown): void {
  const { condition, message } = toBrokerError(reason);
  link.close({ condition, description: message });
}
